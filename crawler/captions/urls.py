"""Which texts of a column are URLs that may be asked for."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synsift.crawler.download.attempt import url_problem
from synsift.crawler.sources.lists.written_urls import written_url

_PLAIN: Final = r"^https?://[a-zA-Z0-9][a-zA-Z0-9.-]*\.[a-zA-Z]{2,}(?:/[!#$%&()*+,./0-9:;=?@A-Z_a-z~\[\]-]*)?$"
_ESCAPED: Final = r"&(?:amp;|#)"
_LONGEST: Final = 2_000


def good_urls(urls: "pa.LargeStringArray") -> tuple[npt.NDArray[np.bool_], list[tuple[int, str, str]]]:
    """Which of them are URLs; of the others their place, a reason, and what is wrong.

    What is plain is known by a pattern, for all at once; the rest is looked at one by one.
    """
    plain = pc.match_substring_regex(urls, _PLAIN)
    if pc.any(pc.match_substring(urls, "&")).as_py():
        plain = pc.and_not(plain, pc.match_substring_regex(urls, _ESCAPED))
    plain = pc.and_(plain, pc.less_equal(pc.binary_length(urls), _LONGEST))
    good = np.array(plain, np.bool_)
    problems = []
    for at in np.flatnonzero(~good).tolist():
        text = urls[at].as_py()
        if not text.strip():
            problems.append((at, "no URL", ""))
            continue
        try:
            problem = url_problem(written_url(text)) or ""
        except ValueError as exc:
            problem = str(exc)
        if problem:
            problems.append((at, "not a URL", problem))
        else:
            good[at] = True
    return good, problems
