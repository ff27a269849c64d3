"""Gives everybody on the class's lists who has no password yet a random one, and prints it; for examples/native.py.

    python passwords.py            names without a password
    python passwords.py NAME...    also a new password for these

They lie in the hub's database, as bcrypt digests. Run it as the user of the hub; it takes DESCENT_CLASS and DESCENT_STATE as the hub
does."""

import secrets
import sys

import bcrypt
from jupyterhub.orm import new_session_factory
from nativeauthenticator.orm import UserInfo

from roster import names, state

state.mkdir(mode=0o700, parents=True, exist_ok=True)

db = new_session_factory(f"sqlite:///{state}/jupyterhub.sqlite")()
UserInfo.__table__.create(db.get_bind(), checkfirst=True)
listed = names("teachers.txt") + names("students.txt")
anew = [name.lower() for name in sys.argv[1:]]
if unknown := set(anew) - set(listed):
    sys.exit(f"not on the class's lists: {', '.join(sorted(unknown))}")
for name in listed:
    account = UserInfo.find(db, name)
    if account and name not in anew:
        continue
    password = secrets.token_urlsafe(12)
    digest = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
    if account:
        account.password = digest
    else:
        db.add(UserInfo(username=name, password=digest, is_authorized=True))
    db.commit()
    print(f"{name}\t{password}")
