"""What a decoder's process may come to.

ImageError
├── DecoderCrashed    the process died on the picture, twice
├── DecodeTimeout     it took more than its share of CPU or of time
└── DecodeMemory      it wanted more memory than it may have

SynsiftError
└── DecodersUnavailable   none starts: no picture's fault, and no reason to give one up
"""

from synsift.dedupe import ImageError
from synsift.pipelines.errors import SynsiftError


class DecoderCrashed(ImageError):
    """The decoder's process died on it, by whatever signal, and another one did, too."""

    outcome = "decoder_crashed"


class DecodeTimeout(ImageError):
    """Decoding took too long."""

    outcome = "decode_timeout"


class DecodeMemory(ImageError):
    """Decoding took too much memory."""

    outcome = "decode_memory"


class DecodersUnavailable(SynsiftError):
    """No decoder starts. Every picture would be lost for it, so the worker ends instead."""
