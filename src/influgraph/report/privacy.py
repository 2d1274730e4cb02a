"""Who is shown by name in what is rendered, and who by a pseudonym.

Pseudonyms are keyed hashes: the key is a hash of the input and, where it is set, of the environment variable
INFLUGRAPH_KEY. It is never stored. Without INFLUGRAPH_KEY whoever holds the input can work them out again.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping

import pandas as pd

from influgraph.dataset import Dataset
from influgraph.settings import Privacy

LONGEST_LABEL = 40
DIGITS = 8


def pseudonym_key(inputs: Mapping[str, str], secret: str) -> bytes:
    """Make the key of a study's pseudonyms.

    Parameters
    ----------
    inputs
        Hash of each input table by file name.
    secret
        What INFLUGRAPH_KEY holds; empty where it is not set.

    Returns
    -------
    A key of 32 bytes, never to be stored.

    Examples
    --------
    >>> len(pseudonym_key({"follows.csv": "ab"}, ""))
    32
    """
    content = "\n".join(f"{name} {digest}" for name, digest in sorted(inputs.items()))
    return hmac.digest(secret.encode(), content.encode(), "sha256")


def printable(text: str) -> str:
    r"""Drop what could disturb a page: line breaks, control and direction marks; cut to 40 characters.

    Parameters
    ----------
    text
        Any text from data.

    Returns
    -------
    The text in one line; not yet escaped for HTML.

    Examples
    --------
    >>> printable("two\nlines")
    'two lines'
    """
    spaced = "".join(" " if character.isspace() else character for character in text)
    seen = "".join(character for character in spaced if unicodedata.category(character) not in _UNSEEN)
    return seen if len(seen) <= LONGEST_LABEL else seen[: LONGEST_LABEL - 1] + "…"


_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class Labels:
    """The name under which each account is shown.

    Parameters
    ----------
    data
        The dataset, for handles, verified accounts and stated followers.
    followers
        Followers by account id, used where none are stated.
    privacy
        Whether there are pseudonyms, and from how many followers an account is public.
    key
        From `pseudonym_key`.
    """

    def __init__(self, data: Dataset, followers: pd.Series, privacy: Privacy, *, key: bytes) -> None:
        accounts, unknown = data.accounts, pd.Series(pd.NA, data.account_ids, dtype="object")
        stated = accounts.get("followers_stated", unknown).astype("Int64")
        size = stated.fillna(followers.astype("Int64")).fillna(0)
        known = accounts.get("verified", unknown).astype("boolean").fillna(value=False)
        self.public = (known | (size >= privacy.public_from) | (not privacy.pseudonyms)).astype(bool)
        self._accounts, self._key = accounts, key
        names = [
            accounts.index.to_series(),
            *(accounts[name] for name in ("handle", "name") if name in accounts),
        ]
        private = [name[~self.public].dropna().astype("str").str.casefold().str.lstrip("@") for name in names]
        self._private = set().union(*private)

    def __getitem__(self, account_id: str) -> str:
        """Return the handle (else id) of a public account, the pseudonym of any other."""
        if not self.public[account_id]:
            digest = hmac.new(self._key, account_id.encode("utf-8", "surrogatepass"), hashlib.sha256)
            return f"account {digest.hexdigest()[:DIGITS]}"
        handle = self._accounts["handle"][account_id] if "handle" in self._accounts else None
        return printable(account_id if pd.isna(handle) or not str(handle).strip() else str(handle))

    def is_private(self, term: str) -> bool:
        """Tell whether a term is the id, handle or name of an account that is not public."""
        return term.casefold().lstrip("@#") in self._private

    def split(self, joined: str) -> list[str]:
        """Take apart account ids that were joined by semicolons, though ids may hold semicolons too."""
        ids, pending = [], ""
        for part in joined.split(";"):
            pending = f"{pending};{part}" if pending else part
            if pending in self.public.index:
                ids.append(pending)
                pending = ""
        return ids
