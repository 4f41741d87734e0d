"""Which Accounts a Post goes to, and until when it is news."""

from collections.abc import Iterable

from publisher.domain.model import Post, Route


def matches(route: Route, post: Post) -> bool:
    """Whether every condition the Route names holds for the Post; categories match whatever their case."""
    categories = {category.casefold() for category in post.categories}
    return (
        (not route.editions or post.edition in route.editions)
        and (not route.kinds or post.kind in route.kinds)
        and (not route.sources or post.source in route.sources)
        and (not route.categories or bool(categories & {wanted.casefold() for wanted in route.categories}))
    )


def destinations(post: Post, routes: Iterable[Route]) -> dict[str, int]:
    """Each Account some Route leads the Post to, once, with the longest life in seconds any Route grants it."""
    found: dict[str, int] = {}
    for route in routes:
        if matches(route, post):
            for account in route.accounts:
                found[account] = max(found.get(account, 0), route.expires_after)
    return found
