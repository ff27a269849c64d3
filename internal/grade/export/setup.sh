#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image. The kit needs nothing that is not in the zip.
chmod -R a+rX /autograder/source
chmod a+x /autograder/source/lab /autograder/source/kit/tools/{runner,compile,link}
# The judge names what hidden checks try.
chmod 700 /autograder/source/kit/judge
chmod 600 /autograder/source/seed
