"""Each outcome in words: what happened, and what to do. The reference page and its test are made from this.

An outcome is a closed set: the label values of metrics, the classes of dead letters, the words of ``status``. A new one
without a line here fails a test.
"""

from typing import Final

from synsift.pipelines.outcomes_of_pictures import PICTURES, Explained

_ANY: Final = "search, fetch"
_REPLAY: Final = "Replay later: `synsift dead-letters replay --outcome {}`."

EXPLAINED: Final = (
    Explained("fetched", "fetch", False, "The image was downloaded, decoded and stored."),
    Explained(
        "repeated", "fetch", False, "The same URL was found before for the same synset; it is counted and skipped."
    ),
    Explained(
        "reused",
        "fetch",
        False,
        "The same URL was fetched before for another synset; that image is used, and nothing is asked.",
    ),
    Explained(
        "denied",
        "fetch",
        False,
        "The picture is the same as an entry of `dedupe.deny`: nothing of it was written, and its URL isn't asked "
        "again.",
        "Nothing; the dead letter names the entry.",
    ),
    Explained(
        "placeholder",
        "fetch",
        False,
        "Many URLs of the host gave this very picture, each under another name: it stands for what isn't there.",
        "Nothing, as a rule. The first of these URLs were kept, and so the picture at most once for each synset; "
        "`dedupe.deny`, with its fingerprint, keeps it out of later crawls. If it is a photograph, raise "
        "`fetch.placeholder_urls` and replay.",
    ),
    Explained("not_found", _ANY, False, "The server says 404 or 410: the image is gone.", "Nothing; links die."),
    Explained(
        "http_error",
        _ANY,
        False,
        "The server refuses with another status, such as 400, 406 or 999; the dead letter says which.",
        "Open the URL in a browser. If it works there, the host tells crawlers apart: ask its owner.",
    ),
    Explained(
        "forbidden",
        _ANY,
        False,
        "The server doesn't let you in: a log-in is wanted (401, 407), or you are refused (403), as visitors of "
        "other sites may be.",
        "Respect it, or ask the owner. Where a host wants to see the landing page as referrer: `sources.urls.referer`.",
    ),
    Explained(
        "payment_required",
        _ANY,
        False,
        "The server says 402: it sells access to crawlers; its price is in the dead letter, where it names one.",
        "Nothing is ever paid by synsift. Agree with the owner on a licence, and replay when your crawler is let in.",
    ),
    Explained(
        "legally_withheld",
        _ANY,
        False,
        "The server says 451: a law or a court keeps the image back, maybe in your country only.",
        "Nothing. Don't fetch it by another way.",
    ),
    Explained(
        "server_error",
        _ANY,
        True,
        "5xx, 408 or 425, or a host that broke the connection when its robots.txt was asked for, as one may that "
        "speaks TLS on a port which an `http://` URL names. Also after all tries (`fetch.attempts`).",
        _REPLAY.format("server_error"),
    ),
    Explained(
        "rate_limited",
        _ANY,
        True,
        "An image source said 429, more often than `search.attempts`. URLs of images wait for their host instead.",
        "Be slower with it: a larger `search.delay_s`. Then replay.",
    ),
    Explained(
        "timeout",
        _ANY,
        True,
        "The whole request took longer than `fetch.timeout_s`, connecting and all redirects' bodies included.",
        "Replay; for large images on slow hosts with a larger `fetch.timeout_s`.",
    ),
    Explained(
        "broken_answer",
        _ANY,
        True,
        "What the host sent is no HTTP that a browser could read, or ends before it is whole, also after all tries.",
        "Replay later. If it stays so, look at the URL with `curl -v`: the host is broken, or another service answers.",
    ),
    Explained(
        "connection_failed",
        _ANY,
        True,
        "No connection, a broken TLS handshake, or a connection that was reset.",
        "Check your own network first, then replay.",
    ),
    Explained(
        "tls_failed",
        _ANY,
        False,
        "The host can't prove who it is: its certificate has expired, is for another name, or is signed by nobody that "
        "is known here; or it speaks no TLS. The dead letter says which. It is asked once a minute at most.",
        "Look at it in a browser. If all hosts fail, a proxy of your network may stand between: name its authority in "
        "`fetch.ca_file`. Once it is mended, replay.",
    ),
    Explained(
        "no_network",
        _ANY,
        True,
        "The machine has no network, for all that is known: no route, or no name server that is reached, for any name.",
        "Run the same `crawl` again when there is one: it asks again by itself. Workers of a fleet: replay them.",
    ),
    Explained(
        "dns_failed",
        _ANY,
        True,
        "Nobody can say for now where the host is: name servers fail, or don't answer. URLs of images wait for it.",
        "If many hosts fail, your name server does: check it, or name another in `fetch.nameservers`. Then replay.",
    ),
    Explained(
        "dns_no_such_host",
        _ANY,
        False,
        "There is no host of that name, or it has no address. All URLs of a name cost one look-up.",
        "Nothing; hosts die. If the name is of your own network, check the machine's resolv.conf.",
    ),
    Explained(
        "too_large",
        _ANY,
        False,
        "The body is larger than `fetch.max_bytes`, promised or counted while reading.",
        "Raise `fetch.max_bytes`, then replay.",
    ),
    Explained("empty", "fetch", False, "The server sent no bytes.", "Nothing."),
    Explained(
        "too_many_redirects",
        _ANY,
        False,
        "More redirects than `fetch.redirects`, or a circle.",
        "Open the URL in a browser: it may want cookies. Such a host can't be crawled.",
    ),
    Explained(
        "bad_url",
        _ANY,
        False,
        "Not an http or https URL, or one that can't be read.",
        "Mend the list that it comes from.",
    ),
    Explained(
        "host_down",
        "fetch",
        True,
        "The host failed for longer than `fetch.host_down_after_s`: no answer, 5xx, 429, or no robots.txt to be had. "
        "Its URLs were kept until then, and this one was not asked any more.",
        _REPLAY.format("host_down"),
    ),
    Explained(
        "robots_denied",
        _ANY,
        False,
        "A rule of the host's robots.txt forbids the URL to our product token, `synsift`.",
        "Respect it. Of hosts of your own, change their robots.txt.",
    ),
    Explained(
        "robots_withheld",
        _ANY,
        False,
        "The host shows its robots.txt to members only (HTTP status 401): all that it has is theirs.",
        "Respect it. Of hosts of your own, let robots.txt be read by everybody.",
    ),
    Explained(
        "too_slow",
        _ANY,
        False,
        "The host's robots.txt asks for more than an hour between two requests.",
        "Ask its owner for another way to the images.",
    ),
    Explained(
        "opted_out",
        "fetch",
        False,
        "The answer, a redirect or the page says `noai`, `noimageai` or `noml`.",
        "Respect it, or ask the owner for a licence.",
    ),
    Explained(
        "noindex",
        "fetch",
        False,
        "`noindex`, `noimageindex` or `none`: no to search engines, which leaves training open.",
        "To collect such images for training all the same, put `noindex` into `consent.ignore`, then replay.",
    ),
    Explained(
        "tdm_reserved",
        "fetch",
        False,
        "Text and data mining is reserved: a `TDM-Reservation` header, tdmrep.json, XMP or a page.",
        "Respect it, or ask the owner for a licence.",
    ),
    Explained(
        "usage_denied",
        "fetch",
        False,
        "`Content-Usage` (IETF AIPREF) in the answer or in robots.txt says no to training, or can't be read.",
        "Respect it, or ask the owner for a licence.",
    ),
    Explained(
        "signal_denied",
        "fetch",
        False,
        "`Content-Signal` in robots.txt says no to training, or can't be told.",
        "Respect it, or ask the owner for a licence.",
    ),
    Explained(
        "training_denied",
        "fetch",
        False,
        "Lines of robots.txt or ai.txt say no to training, or to those who collect for it.",
        "Respect it, or ask the owner for a licence.",
    ),
    Explained(
        "rights_reserved",
        "fetch",
        False,
        "The image itself says so: `plus:DataMining` (PLUS, IPTC) in its XMP, or content credentials (C2PA).",
        "Respect it, or ask the owner for a licence.",
    ),
    Explained(
        "licence_needed",
        "fetch",
        False,
        "The host's licence (RSL) prohibits training, or wants it to be paid for or agreed on; or it can't be read. "
        "The dead letter has its terms.",
        "Read it. If it allows your use, or you have agreed on one, put `rsl`, `rsl-unclear` or `rsl-unread` into "
        "`consent.ignore`, then replay.",
    ),
    Explained(
        "consent_unread",
        "fetch",
        False,
        "A file of the host that may reserve its use, tdmrep.json, can't be read: it fails, breaks off, is no JSON or "
        'too long; with `consent.profile = "strict"` ai.txt, too. Where it failed, that was waited for.',
        "Replay later: the host is asked again. To collect its images all the same, put `tdm-unread` into "
        "`consent.ignore` before that; what happened is still recorded with each.",
    ),
    Explained(
        "no_consent",
        "fetch",
        False,
        "Nobody says that it may be used for training, and `consent.profile` is strict.",
        "Nothing; or a milder profile, then replay.",
    ),
    Explained(
        "private_address",
        _ANY,
        False,
        "The URL, a redirect or a name leads to an address that isn't public.",
        "For hosts of your own, name their network in `fetch.allow_networks`, or a source's in "
        "`search.allow_networks`; then replay.",
    ),
    Explained(
        "source_error",
        "search",
        False,
        "The source answered, but not as its API says.",
        "See the dead letter's message. If the API has changed, the source's module is to be mended.",
    ),
    *PICTURES,
    Explained(
        "blocked",
        "fetch, dedupe, land",
        False,
        "Operators block its host, its URL or the picture, in any disguise (`synsift block`, `synsift remove`).",
        "The dead letter says who, and why; `synsift controls` lists all. After `synsift unblock`, replay.",
    ),
    Explained(
        "dropped",
        "search, fetch",
        False,
        "Operators dropped its host, source or synset (`synsift drop`).",
        "The dead letter says who, and why. After `synsift resume`, replay.",
    ),
    Explained(
        "over_budget",
        "search, fetch",
        False,
        "The budget of its synset (`[budget]`) or its source (`most_images` and its like) is used up.",
        "The dead letter says which. Raise it, and replay.",
    ),
    Explained(
        "internal_error",
        "all",
        False,
        "A bug in synsift met this input. The worker went on; its log has the traceback.",
        "Report it with the traceback. Replay after an update.",
    ),
    Explained(
        "poisonous",
        "all",
        False,
        "Workers died three times or more while it was in flight, twice while nothing else was: it kills them.",
        "Was memory short, or were workers killed? Then replay: it is counted anew. Else report it, with its bytes.",
    ),
    Explained(
        "broken_record",
        "all",
        False,
        "A record in the log can't be read: it was damaged, or something else wrote it.",
        "The dead letter says what is wrong with it, and keeps its bytes. `synsift log check` finds all of them.",
    ),
    Explained(
        "wrong_partition",
        "all",
        False,
        "A record stands on another partition than its key's, where its worker can't know what belongs to it.",
        "Something else wrote into the log, with another partitioner: it must use murmur2, as Java's clients do.",
    ),
    Explained(
        "bad_entry",
        "search",
        False,
        "A line of a list, or an image in a source's answer, can't be used; the others were taken.",
        "The dead letter says file and line, or the entry. Mend the list and plan again.",
    ),
    Explained(
        "output_too_large",
        "all",
        False,
        "What the input became is larger than a broker takes (1 MB), such as a URL or a title of that length.",
        "Look at the dead letter's input: such an entry is hardly meant.",
    ),
    Explained(
        "unknown_source",
        "search",
        False,
        "A query names a source that this worker doesn't have.",
        "Update the worker, or plan with a source that it has; then replay.",
    ),
    Explained(
        "blob_damaged",
        "land",
        False,
        "The image's bytes in the store are not those that were fetched: their SHA-256 is another one.",
        "A disk or somebody changed them. `synsift storage verify --fetch-again` asks the URL again, and has it land.",
    ),
    Explained(
        "blob_missing",
        "land",
        False,
        "The image's bytes are no longer in the store, although the log names them.",
        "Something deleted them. `synsift storage verify --fetch-again` asks the URL again, and has it land.",
    ),
)


def known_outcomes() -> frozenset[str]:
    """Every class that a dead letter may be of."""
    return frozenset(one.outcome for one in EXPLAINED if one.advice)
