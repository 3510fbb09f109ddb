"""How often properties are tried: `HUTONG_THOROUGH=20 ./dev test` tries the costly ones twenty times as often."""

import os


def examples(usual: int) -> int:
    """So many examples, or as many times more as the surroundings say."""
    return round(usual * float(os.environ.get("HUTONG_THOROUGH", "1")))
