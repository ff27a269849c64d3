"""The ways to log in that a class server's examples offer.

    python logins.py HUB oauth         by a university's pages, those of oidc-provider-mock
    python logins.py HUB pam FILE      by the machine's accounts, with the passwords in FILE
    python logins.py HUB native FILE   by passwords of the hub's, after bob was taken off the list
    python logins.py HUB taken FILE    the same, while another user's program listens at the port of ada's server

Ada is on the class's list and gets in, to a running cell; eve has an account and is on no list."""

import sys
import urllib.error
import urllib.parse

from students import Student, passwords

hub, way = sys.argv[1:3]


def check(holds, what):
    if not holds:
        sys.exit(f"docker/hub/check, {way}: {what}")


def by_university(student):
    """Logs in where the hub sends the browser, and reports whether the hub then takes the student."""
    student.get("/hub/login")
    with student.opener.open(hub + "/hub/oauth_login?next=%2Fhub%2Fhome", timeout=60) as page:
        form = page.url
    check(not form.startswith(hub), f"the hub sends nobody to the university, but to {form}")
    try:
        with student.opener.open(form, urllib.parse.urlencode({"sub": "id-of-" + student.name}).encode(), timeout=60) as page:
            return "/hub/logout" in page.read().decode()
    except urllib.error.HTTPError as error:
        check(error.code == 403, f"the hub answers {error.code} to {student.name}: {error.read().decode()[-2000:]}")
        return False


def by_account(student):
    return student.log_in(password[student.name])


if way == "native":
    password = passwords(sys.argv[3])
    check(by_account(Student(hub, "ada")), "ada cannot log in")
    check(not by_account(Student(hub, "bob")), "bob was taken off the list and can log in")
    sys.exit(print("native: bob, who was taken off the list, gets in no longer"))
if way == "taken":
    password = passwords(sys.argv[3])
    ada = Student(hub, "ada")
    check(by_account(ada), "ada cannot log in")
    ada.get("/hub/spawn")
    status, text = ada.get("/hub/api/users/ada/server/progress", timeout=150)
    check('"failed": true' in text, f"a server begins whose port another's program has: {status} {text[-300:]}")
    status, text = ada.get(ada.base + "lab")
    check("Directory listing" not in text, "ada's browser is led to another's program")
    sys.exit(print("taken: a server whose port another's program has does not start"))
if way == "pam":
    password = passwords(sys.argv[3])
    check(not Student(hub, "ada").log_in("password"), "a wrong password opens the hub")
log_in = {"oauth": by_university, "pam": by_account}[way]
check(not log_in(Student(hub, "eve")), "somebody who is on no list can log in")
ada = Student(hub, "ada")
check(log_in(ada), "ada cannot log in")
ada.start()
ada.open()
_, failed, shown = ada.run(ada.cells()[0])
check(not failed and shown, f"ada's cell fails: {failed}")
print(f"{way}: ada gets in, to a running cell, and eve does not")
