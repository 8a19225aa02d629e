import pytest

from synsift.crawler.wording import code, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:hush@wiki.example/w", "https://***@wiki.example/w"),
        ("asking https://me:hush@h/ and s3://key:hush@bucket/x", "asking https://***@h/ and s3://***@bucket/x"),
        ("https://token@h/x", "https://***@h/x"),
        ("https://h/x?api_key=hush&q=dog", "https://h/x?api_key=***&q=dog"),
        ("https://h/x?q=dog&X-Amz-Signature=hush#f", "https://h/x?q=dog&X-Amz-Signature=***#f"),
        ("https://h/?access_token=hush", "https://h/?access_token=***"),
        ("https://h/?sig=hush&PASSWORD=hush", "https://h/?sig=***&PASSWORD=***"),
        ("https://h/a@b?c=d", "https://h/a@b?c=d"),
        ("mail you@example.org", "mail you@example.org"),
        ("https://h/?monkey=1&key=hush", "https://h/?monkey=1&key=***"),
    ],
)
def test_credentials_of_urls_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert "hush" not in code(text)
