"""Records of the second half, from candidates to verified images: batches out, votes in, verdicts.

survivors ──plan──▶ Task ──▶ people ──▶ Vote ──verify──▶ Verified
                                         ▲
survivors ──inherit── "its votes count for its better copy" ┘
"""

from synsift.pipelines.record_parts import (
    Answer,
    Count,
    Few,
    Moment,
    Record,
    Sha256,
    Share,
    TaskId,
    TaskIdOrNone,
    Voter,
    Wnid,
)


class Task(Record, frozen=True, kw_only=True):
    """A batch: some images of a synset that several people look at, each by themselves. Key: wnid.

    The last record of an id says how it is. Some of the images may be gold, whose answer is known: of which that is
    true stands in ``votes`` alone, so that a batch can be shown as it is.

    Attributes:
        id: Names the batch.
        wnid: The synset.
        images: In the order in which they are shown. Gold may be of other synsets.
        rivals: Synsets that may be meant instead; offered as answers.
        link: Article on what the synset means; empty for none.
        votes: How many votes each of its images is to have, in all; gold may have any number.
        rank: Its place among the batches: the least is wanted first.
        reason: ``learn`` if it is of the images from which it is learnt how hard the synset is; else ``decide``.
        at: When it was made.
        is_open: Whether it still stands: one is closed when what it asks for is known otherwise.
    """

    id: TaskId
    wnid: Wnid
    images: tuple[Sha256, ...]
    votes: Count
    at: Moment
    rivals: tuple[Wnid, ...] = ()
    link: str = ""
    rank: Count = 0
    reason: str = "decide"
    is_open: bool = True


class Vote(Record, frozen=True, kw_only=True):
    """What somebody says of an image under a synset. Key: wnid.

    Of a voter's votes on an image the latest counts, and of those of one time the last one in the log. So the same
    vote written twice is one vote.

    Attributes:
        wnid: The synset.
        sha256: The image.
        voter: Who says it: a pseudonym.
        answer: ``yes`` or ``no``: the image shows it, or not. ``other:WNID``: no, it shows that. ``broken``: it shows
            nothing. ``unsure``: can't tell. ``unimageable``: no picture can show what the synset means.
            ``copy:SHA256``: the image was replaced, and votes on it count for that better copy, which stage
            ``inherit`` says.
        at: When.
        origin: From where it came: ``review``, the name of a service or of a file.
        took_s: Seconds that it took; 0 if that isn't known.
        task: The batch in which it was asked; empty if that isn't known.
        is_gold: Whether the answer is known to be true: voters are measured by it.
    """

    wnid: Wnid
    sha256: Sha256
    voter: Voter
    answer: Answer
    at: Moment
    origin: str = ""
    took_s: float = 0.0
    task: TaskIdOrNone = ""
    is_gold: bool = False


class Verified(Record, frozen=True, kw_only=True):
    """What follows from all votes on an image under a synset. Key: wnid.

    The last record of an image under a synset says how it is. An image that was replaced has none that counts: its
    votes went over to the better copy.

    Attributes:
        wnid: The synset.
        sha256: The image.
        verdict: ``accepted``, ``rejected``, ``contested`` (all votes are spent, and they don't agree),
            ``unimageable`` (the synset can't be shown), ``replaced`` (see above), or ``open``: more votes are wanted.
        confidence: How sure the verdict is, by the model, to three digits, rounded down; of one that is open or
            contested how sure it is that the image is good.
        yes: Votes for it.
        no: Votes against it, ``other`` and ``broken`` included.
        unsure: Votes that say neither.
        rule: What the confidence is from: ``table``, ``voters``, ``gold``; ``elsewhere`` of gold that was taken from
            another synset, and is none of the images of this one.
        other: The synset that most of those who name another one name; empty for none.
    """

    wnid: Wnid
    sha256: Sha256
    verdict: str
    confidence: Share = 0.0
    yes: Few = 0
    no: Few = 0
    unsure: Few = 0
    rule: str = ""
    other: str = ""
