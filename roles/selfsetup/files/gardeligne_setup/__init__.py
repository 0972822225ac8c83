"""Sets a box up from the card's foyer.txt, as the exchange of one household.

The household fills in `foyer.txt` on the partition that any PC reads. At every start, before the
start is reported on, this program brings the box to what the file says:

1. The same as was applied last: nothing happens.
2. Not filled in, or wrong: nothing changes. What is wrong is told in French: in
   `foyer-erreurs.txt` beside the file, on the console, and in the start's report ("Réglages").
3. Good: it is kept as an inventory of Ansible's that root alone reads, the product's own playbook
   is run on the box itself, and only when that has succeeded are the secrets taken out of the file
   on the card, and what is left of them on that partition overwritten.

Whenever the power is cut, the next start goes on: up to the last moment the file has its secrets,
and from then on the box knows that only the file is left to be sealed (`card.py`, `store.py`).

A file with none of the former telephone numbers is another household's. What is the former one's
is removed: made passwords, messages, callers learned, the record of calls (see `forget.py`). The
same household's stays, whatever it changes.
"""
