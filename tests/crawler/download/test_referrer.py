import pytest

from synsift.crawler.download.referrer import referrer


@pytest.mark.parametrize(
    ("page", "url", "told"),
    [
        ("https://p.example/a/b?c=d#e", "https://i.example/x.jpg", "https://p.example/"),
        ("https://p.example/a/b?key=secret#e", "https://p.example/x.jpg", "https://p.example/a/b"),
        ("http://p.example/a", "http://p.example:80/x.jpg", "http://p.example/a"),
        ("http://p.example/a", "http://p.example:81/x.jpg", "http://p.example/"),
        ("http://p.example/a", "https://p.example/x.jpg", "http://p.example/"),
        ("https://p.example/a", "http://p.example/x.jpg", ""),
        ("https://p.example/a", "HTTP://p.example/x.jpg", ""),
        ("https://me:hush@p.example/a", "https://i.example/x.jpg", ""),
        ("file:///etc/passwd", "https://i.example/x.jpg", ""),
        ("javascript:x", "https://i.example/x.jpg", ""),
        ("page 7", "https://i.example/x.jpg", ""),
        ("", "https://i.example/x.jpg", ""),
        ("https://p.example/a\r\nX-Evil: 1", "https://p.example/x.jpg", "https://p.example/aX-Evil:%201"),
        ("https://größe.example/", "https://i.example/x.jpg", "https://xn--gre-6ka8i.example/"),
        ("https://größe..example/", "https://i.example/x.jpg", ""),
    ],
)
def test_what_a_host_is_told_of_the_page(page: str, url: str, told: str) -> None:
    assert referrer(page, url) == told
