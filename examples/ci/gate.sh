#!/bin/bash
# Gates images in a CI job and leaves the reports that the service takes. Exits as slim gate does: 0 passed, 1 failed.
#
#   SLIM_IMAGES    what slim reads, one a line (docker-archive:app.tar, docker://NAME, ...)
#   SLIM_POLICY    the policy; empty: .slim-policy.yaml or .dive-ci in the current folder
#   SLIM_BASELINE  an image to compare with; may be empty
#   SLIM_PLATFORM  OS/ARCH of an index; may be empty
#   SLIM_CACHE     the folder that the service keeps between jobs; empty: slim's own
#   SLIM_REPORTS   the folder for the reports (slim-reports)
#   SLIM_PROGRAM   the program (slim)
#
# slim itself writes the job summary, outputs and annotations of GitHub; what is left to say are the files.
set -euo pipefail

images=()
while IFS= read -r line; do
  line=${line#"${line%%[![:space:]]*}"}
  line=${line%"${line##*[![:space:]]}"}
  [ -z "$line" ] || images+=("$line")
done <<<"${SLIM_IMAGES:-}"
if [ "${#images[@]}" -eq 0 ]; then
  echo "gate.sh: SLIM_IMAGES names no image" >&2
  exit 2
fi

reports=${SLIM_REPORTS:-slim-reports}
mkdir -p "$reports"
options=(--no-color --progress none --report "json=$reports/report.json" --report "markdown=$reports/comment.md")
[ -z "${SLIM_POLICY:-}" ] || options+=(--policy "$SLIM_POLICY")
[ -z "${SLIM_BASELINE:-}" ] || options+=(--baseline "$SLIM_BASELINE")
[ -z "${SLIM_PLATFORM:-}" ] || options+=(--platform "$SLIM_PLATFORM")
if [ -n "${SLIM_CACHE:-}" ]; then
  mkdir -p "$SLIM_CACHE"
  chmod 700 "$SLIM_CACHE" # a folder that others may write to is no cache
  options+=(--cache "$SLIM_CACHE")
fi
[ "${GITHUB_ACTIONS:-}" != true ] || options+=(--report "sarif=$reports/slim.sarif")
[ "${GITLAB_CI:-}" != true ] ||
  options+=(--report "gitlab=$reports/gl-code-quality-report.json" --report "junit=$reports/junit.xml")

status=0
"${SLIM_PROGRAM:-slim}" gate "${options[@]}" -- "${images[@]}" || status=$?

if [ -n "${GITHUB_OUTPUT:-}" ]; then
  {
    echo "status=$status"
    # Where slim ended early (a bad policy, an image that cannot be read) there is nothing to upload.
    [ ! -s "$reports/slim.sarif" ] || echo "sarif=$reports/slim.sarif"
    [ ! -s "$reports/comment.md" ] || echo "comment=$reports/comment.md"
  } >>"$GITHUB_OUTPUT"
fi
exit "$status"
