"""A token that a command is given in a file."""

from __future__ import annotations

from pathlib import Path

from cds_service.errors import ConfigurationError


def read_token(file: Path) -> str:
    """The token in a file, which may also hold the header that it came in. Raises ConfigurationError."""
    try:
        return file.read_text(encoding="utf-8").split()[-1]
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except (UnicodeDecodeError, IndexError):
        problem = "holds no token"
    raise ConfigurationError(f"{file}: it {problem}. Give a file with one token, as text.")
