"""OAuth 1.0a signatures, by requests-oauthlib: form bodies are signed, JSON and multipart bodies are not."""

from requests_oauthlib import OAuth1


def oauth1(consumer_key: str, consumer_secret: str, token: str, token_secret: str) -> OAuth1:
    """HMAC-SHA1 in the Authorization header (RFC 5849; X docs "Creating a signature", 2026-08)."""
    return OAuth1(consumer_key, consumer_secret, token, token_secret)
