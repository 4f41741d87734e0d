"""Settings: read once, and what is wrong is told with file, line and remedy, all at once."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from publisher.domain.model import Direction, Kind
from publisher.settings import Settings, SettingsProblem, account_secret, load

GOOD = """\
[editions.en]
language = "en"
site_name = "The Garden"
utm = { utm_source = "social" }

[editions.ar]
language = "ar"
direction = "rtl"
site_name = "الحديقة"

[sources.garden]
kind = "wordpress"
secrets = ["GARDEN_SECRET"]
edition = "en"
editions = { ar = "ar" }

[accounts.mastodon-en]
channel = "mastodon"
base_url = "https://social.example/"
visibility = "unlisted"

[[routes]]
editions = ["en"]
kinds = ["article", "photo"]
accounts = ["mastodon-en"]
expires_after_hours = 1.5

[network]
trusted = ["cms.internal:8080"]
"""
ENV = {"GARDEN_SECRET": "s3cret"}
Read = Callable[..., Settings]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Loads publisher.toml (and brand.toml) from a folder of its own, far from any .env of ours."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str = GOOD, env: Mapping[str, str] = ENV, brand: str = "") -> Settings:
        (tmp_path / "publisher.toml").write_text(text, encoding="utf-8")
        (tmp_path / "brand.toml").write_text(brand, encoding="utf-8")
        return load(tmp_path, env)

    return load_text


def problems(read: Read, *args: object, **how: object) -> list[str]:
    """Each problem as a line, the folder left out."""
    with pytest.raises(SettingsProblem) as caught:
        read(*args, **how)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return [str(problem).replace(f"{Path.cwd()}/", "") for problem in caught.value.problems]


def test_what_is_right_is_read(read: Read) -> None:
    settings = read()
    assert settings.editions["ar"].direction is Direction.RTL
    assert settings.editions["en"].utm == (("utm_source", "social"),)
    source = settings.sources["garden"]
    assert (source.secrets, source.settle, source.editions) == (("s3cret",), 10.0, {"ar": "ar"})
    account = settings.accounts["mastodon-en"]
    assert (account.base_url, account.options) == ("https://social.example", {"visibility": "unlisted"})
    (route,) = settings.routes
    assert (route.kinds, route.expires_after) == ((Kind.ARTICLE, Kind.PHOTO), 5400)
    assert settings.trusted == {"cms.internal:8080"}
    assert "s3cret" not in repr(settings)


WRONG = {
    "unknown key": ('[network]\ntrust = ["x:1"]', ["publisher.toml:2: unknown setting 'trust'; known here: trusted"]),
    "unknown table": (
        "[networks]\n",
        ["publisher.toml:1: unknown table [networks]; known: editions, sources, accounts, routes, network"],
    ),
    "wrong type": (
        '[editions.en]\nlanguage = 3\nsite_name = "x"\nutm = "y"',
        [
            "publisher.toml:2: language must be text, not 3",
            "publisher.toml:4: utm must be a table of text, not 'y'",
        ],
    ),
    "missing": (
        "[editions.en]\nlanguage = 'en'",
        ["publisher.toml:1: site_name is missing; add `site_name = …` (text)"],
    ),
    "direction": (
        '[editions.en]\nlanguage = "en"\nsite_name = "x"\ndirection = "up"',
        ["publisher.toml:4: direction must be ltr or rtl, not 'up'"],
    ),
    "no secret set": (
        '[sources.garden]\nkind = "ghost"\nsecrets = ["GHOST_SECRET"]',
        ["publisher.toml:3: GHOST_SECRET is not set; put it into .env, or a path into GHOST_SECRET_FILE"],
    ),
    "no secret named": (
        '[sources.garden]\nkind = "ghost"',
        ['publisher.toml:1: secrets is missing; add `secrets = ["NAME_OF_AN_ENVIRONMENT_VARIABLE"]`'],
    ),
    "a number": (
        '[sources.garden]\nkind = "ghost"\nsecrets = ["GARDEN_SECRET"]\nsettle_seconds = true',
        ["publisher.toml:4: settle_seconds must be a number, not True"],
    ),
    "no finite number": (
        '[accounts.a]\nchannel = "x"\n[[routes]]\naccounts = ["a"]\nexpires_after_hours = nan',
        ["publisher.toml:5: expires_after_hours must be a number from 0 up, not nan"],
    ),
    "a name": (
        '[accounts."Big Name"]\nchannel = "x"',
        ["publisher.toml:1: 'Big Name' can't be a name; use a-z, 0-9, - and _"],
    ),
    "names that lead nowhere": (
        '[[routes]]\neditions = ["en"]\nsources = ["garden"]\naccounts = ["north"]',
        [
            "publisher.toml:4: no account is called 'north'; declare [accounts.north]",
            "publisher.toml:2: no edition is called 'en'; declare [editions.en]",
            "publisher.toml:3: no source is called 'garden'; declare [sources.garden]",
        ],
    ),
    "editions that are not there": (
        '[sources.garden]\nkind = "ghost"\nsecrets = ["GARDEN_SECRET"]\neditions = { ar = "ar" }\nedition = "en"',
        [
            "publisher.toml:5: no edition is called 'en'; declare [editions.en]",
            "publisher.toml:4: no edition is called 'ar'; declare [editions.ar]",
        ],
    ),
    "the second route": (
        '[accounts.a]\nchannel = "x"\n[[routes]]\naccounts = ["a"]\n[[routes]]\nkinds = ["blog"]',
        [
            "publisher.toml:6: unknown kinds: blog; known: article, photo, video, digest",
            'publisher.toml:5: a route without accounts leads nowhere; add `accounts = ["…"]`',
        ],
    ),
    "one pair of brackets": (
        '[routes]\naccounts = ["a"]',
        ["publisher.toml:1: routes must be a list of tables; write [[routes]]"],
    ),
    "two pairs of brackets": (
        '[[accounts]]\nchannel = "x"',
        ["publisher.toml:1: accounts must be tables; write [accounts.some-name]"],
    ),
    "no table": (
        'network = 1\neditions = 2\naccounts = "x"\nsources = []\nroutes = "y"',
        [
            "publisher.toml:2: editions must be tables; write [editions.some-name]",
            "publisher.toml:4: sources must be tables; write [sources.some-name]",
            "publisher.toml:3: accounts must be tables; write [accounts.some-name]",
            "publisher.toml:5: routes must be a list of tables; write [[routes]]",
            "publisher.toml:1: network must be a table",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_each_problem_names_its_line_and_what_to_do(read: Read, text: str, expected: list[str]) -> None:
    assert problems(read, text) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [("[a\n", 1), ("\n\na = \n", 3), ("[network]\n\nx = 'y\n", 3), ("a = 1\na = 2\n", 2), ("a = [1,\n", 1)],
)
def test_what_is_no_toml_names_the_line(read: Read, text: str, line: int) -> None:
    (problem,) = problems(read, text)
    assert problem.startswith(f"publisher.toml:{line}: not valid TOML: ")


def test_what_is_no_utf8_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "publisher.toml").write_bytes("# one\n# Café\n".encode("latin-1"))
    with pytest.raises(SettingsProblem, match=r"publisher\.toml:2: not UTF-8; save the file as UTF-8"):
        load(tmp_path, {})


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "publisher.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load(tmp_path, ENV).trusted


def test_the_brand_is_read_and_judged_too(read: Read) -> None:
    assert read(brand='accent = "#ABCDEF"').brand.accent == "#ABCDEF"
    assert problems(read, brand='accent = "red"\nlogo = "missing.png"\nfont = []') == [
        "brand.toml:1: accent must be a colour such as #1f6f5c, not 'red'",
        "brand.toml:2: missing.png is not there",
        "brand.toml:3: unknown setting 'font'; known here: accent, ground, ink, logo, fonts",
    ]


def test_no_files_at_all_are_settings_too(tmp_path: Path) -> None:
    settings = load(tmp_path / "nothing", {})
    assert (settings.accounts, settings.routes, settings.database_url) == ({}, (), "sqlite:///data/publisher.sqlite")


# ---- secrets and the environment -----------------------------------------------------------------------------------
def test_a_secret_may_lie_in_a_file(read: Read, tmp_path: Path) -> None:
    for name in ("garden", "token", "key"):
        (tmp_path / name).write_text(f"from {name}\n", encoding="utf-8")
    settings = read(
        env={
            "GARDEN_SECRET_FILE": str(tmp_path / "garden"),
            "GARDEN_SECRET": "the file wins",
            "MASTODON_EN_ACCESS_TOKEN_FILE": str(tmp_path / "token"),
            "PUBLISHER_SECRET_KEY_FILE": str(tmp_path / "key"),
        }
    )
    assert settings.sources["garden"].secrets == ("from garden",)
    assert settings.secret_key == "from key"
    assert account_secret(settings, "mastodon-en", "access_token") == ("MASTODON_EN_ACCESS_TOKEN", "from token")


def test_a_secret_file_that_is_not_there_is_told(read: Read) -> None:
    assert problems(read, env={"GARDEN_SECRET_FILE": "/nowhere"}) == [
        "GARDEN_SECRET_FILE: /nowhere can't be read (No such file or directory); name a file that holds GARDEN_SECRET"
    ]


def test_a_secret_that_is_not_set_is_empty_under_its_name(read: Read) -> None:
    assert account_secret(read(), "mastodon-en", "access_token") == ("MASTODON_EN_ACCESS_TOKEN", "")


def test_dotenv_is_read_and_the_environment_wins(read: Read, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        'GARDEN_SECRET="from .env"\nREDIS_URL=redis://dotenv\nPUBLISHER_BASE_URL=https://a.example/\n', encoding="utf-8"
    )
    settings = read(env={"REDIS_URL": "redis://environment"})
    assert settings.sources["garden"].secrets == ("from .env",)
    assert (settings.redis_url, settings.base_url) == ("redis://environment", "https://a.example")


def test_dotenv_of_the_folder_we_stand_in_is_read_where_config_has_none(tmp_path: Path, read: Read) -> None:
    (tmp_path / ".env").write_text("REDIS_URL=redis://here\n", encoding="utf-8")
    (tmp_path / "config").mkdir()
    assert load(tmp_path / "config", {}).redis_url == "redis://here"
    (tmp_path / "config" / ".env").write_text("REDIS_URL=redis://config\n", encoding="utf-8")
    assert load(tmp_path / "config", {}).redis_url == "redis://config"


def test_the_folder_may_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "publisher.toml").write_text(GOOD, encoding="utf-8")
    settings = load(environ={**ENV, "PUBLISHER_CONFIG": str(tmp_path), "PUBLISHER_DATA": str(tmp_path / "data")})
    assert settings.config_dir == tmp_path
    assert settings.database_url == f"sqlite:///{tmp_path / 'data' / 'publisher.sqlite'}"


# ---- templates -----------------------------------------------------------------------------------------------------
SPECIAL_LAST = ("default", "default.ar", "mastodon", "mastodon.ar")


@pytest.mark.parametrize("there", range(1, 5))
@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        (("mastodon", "ar"), SPECIAL_LAST),
        (("mastodon", "en"), ("default", "mastodon")),
        (("x", "ar"), ("default", "default.ar")),
        (("x", "en"), ("default",)),
    ],
)
def test_the_most_special_template_there_is_wins(
    read: Read, tmp_path: Path, there: int, asked: tuple[str, str], fits: tuple[str, ...]
) -> None:
    (tmp_path / "templates").mkdir()
    for name in SPECIAL_LAST[:there]:
        (tmp_path / "templates" / f"{name}.txt.j2").write_text(f"this is {name}", encoding="utf-8")
    expected = next(name for name in reversed(SPECIAL_LAST[:there]) if name in fits)
    path, source = read().template(*asked)
    assert (Path(path).name, source) == (f"{expected}.txt.j2", f"this is {expected}")


def test_without_any_template_the_problem_is_named(read: Read) -> None:
    with pytest.raises(SettingsProblem, match=r"templates: default\.txt\.j2 is missing"):
        read().template("mastodon", "en")
