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
        ("https://h/1.jpg?Expires=17&Signature=hush~-_&Key-Pair-Id=hush", None),
        ("https://h/1.jpg?Policy=hush&sv=2020&se=2027&sig=hush%3D", None),
        ("https://h/1.jpg?hdnts=exp=17~acl=/*~hmac=hush", None),
        ("https://h/1.jpg?X%2DAmz%2DSignature=hush&OSSAccessKeyId=hush&sign=hush&GoogleAccessId=hush", None),
        ("https://h/i;jsessionid=hush?sid=hush", None),
        ("redirect to /1.jpg?sig=hush", "redirect to /1.jpg?sig=***"),
        (
            "https://h/p?u=https%3A%2F%2Fi%2F1.jpg%3Fsig%3Dhush%26w%3D1&w=2",
            "https://h/p?u=https%3A%2F%2Fi%2F1.jpg%3Fsig%3D***&w=2",
        ),
        ("https://h/?a=1&amp;token=hush", "https://h/?a=1&amp;token=***"),
        ("https://h/?author=Ann&design=1&w=3", "https://h/?author=Ann&design=1&w=3"),
        ("https://h/?monkey=1&key=hush", "https://h/?monkey=1&key=***"),
    ],
)
def test_credentials_of_urls_are_masked(text: str, shown: str | None) -> None:
    assert shown is None or masked(text) == shown
    assert "hush" not in masked(text)
    assert "hush" not in code(text)
