#!/bin/bash
# Writes the report as a note on the merge request. SLIM_TOKEN is a token that may (scope api); without it, or where the
# job belongs to no merge request, nothing is to be done.
set -euo pipefail
comment=${SLIM_REPORTS:-slim-reports}/comment.md
if [ -z "${CI_MERGE_REQUEST_IID:-}" ] || [ -z "${SLIM_TOKEN:-}" ] || [ ! -s "$comment" ]; then
  echo "gitlab-comment.sh: no note is written: it takes a merge request, SLIM_TOKEN and a report"
  exit 0
fi
# The token goes through standard input, so that no other process of the machine sees it.
curl --silent --show-error --fail --output /dev/null --config - \
  --data-urlencode "body@$comment" \
  "$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes" <<CONFIG
header = "PRIVATE-TOKEN: $SLIM_TOKEN"
CONFIG
