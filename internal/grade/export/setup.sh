#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image. The kit needs nothing that is not in the zip.
chmod -R a+rX /autograder/source
chmod a+x /autograder/source/lab /autograder/source/kit/judge /autograder/source/kit/tools/{runner,compile,link}
