"""Foreign files (photos a CMS names): the address is hostile, the bytes are capped, every redirect is judged anew."""

import time
from urllib.parse import urljoin

import requests

from publisher.connector.wire import TIMEOUT, TooLongError, lost, read_body
from publisher.domain.failures import Rejected, TryLater

SERVER_ERROR = 500


def fetch(session: requests.Session, url: str, *, most_bytes: int, hops: int = 3) -> bytes:
    """A foreign file (a photo the CMS names): redirects followed by hand and checked, at most `most_bytes`.

    Raises Rejected for what will not change, TryLater for what may.
    """
    for _ in range(hops + 1):
        started = time.monotonic()
        try:
            with session.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as response:
                if response.is_redirect:
                    url = _redirected(url, response.headers["Location"])
                    continue
                if response.status_code >= SERVER_ERROR:
                    raise TryLater(f"the photo's server answered {response.status_code}")
                if not response.ok:
                    raise Rejected(f"the photo's server answered {response.status_code}")
                return read_body(response, started, most_bytes)
        except TooLongError:
            raise Rejected(f"the photo is larger than {most_bytes} bytes") from None
        except requests.RequestException as error:
            raise lost(error, publish=False) from None
        except ValueError:  # requests reads the Location of a redirect it does not follow
            raise Rejected("the photo's address redirects to one that is not usable") from None
    raise Rejected(f"more than {hops} redirects on the way to the photo")


def _redirected(url: str, location: str) -> str:
    target = urljoin(url, location)
    if not target.startswith(("https://", "http://")) or (url.startswith("https:") and target.startswith("http:")):
        raise Rejected("the photo's address redirects to another protocol")
    return target
