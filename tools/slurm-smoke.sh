#!/usr/bin/env bash
# A study through a Slurm queue of one node on this machine, compared with the sequential result. Needs root on Debian or
# Ubuntu: installs slurm-wlm and munge, and starts them on loopback. Not part of .ci/run.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "run as root: it installs and starts slurm"; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
Rscript -e 'p <- setdiff(c("future", "future.batchtools"), rownames(installed.packages()))' \
  -e 'if (length(p)) install.packages(p, repos = c(getOption("repos"), "https://cloud.r-project.org"))'

work=$(mktemp -d)
node=$(hostname -s)
cores=$(nproc)
started=()
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

mkdir -p /run/munge "$work/state" "$work/spool"
chown munge: /run/munge
[ -f /etc/munge/munge.key ] || { dd if=/dev/urandom of=/etc/munge/munge.key bs=1 count=1024 2>/dev/null; }
chown munge: /etc/munge/munge.key
chmod 400 /etc/munge/munge.key
if ! munge -n >/dev/null 2>&1; then
  runuser -u munge -- /usr/sbin/munged --force --foreground &
  started+=($!)
  sleep 2
fi

cat > "$work/slurm.conf" <<CONF
ClusterName=smoke
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
ReturnToService=2
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
NodeName=$node NodeAddr=127.0.0.1 CPUs=$cores State=UNKNOWN
PartitionName=smoke Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$work/slurm.conf"
/usr/sbin/slurmctld -D & started+=($!)
sleep 2
/usr/sbin/slurmd -D -N "$node" & started+=($!)
for _ in $(seq 30); do
  sinfo -h -o %t | grep -q idle && break
  sleep 1
done
sinfo

cat > "$work/slurm.tmpl" <<'TEMPLATE'
#!/bin/bash
#SBATCH --job-name=<%= job.name %>
#SBATCH --output=<%= log.file %>
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
Rscript -e 'batchtools::doJobCollection("<%= uri %>")'
TEMPLATE

# future.batchtools asks sacct for a job's state, which needs an accounting database; scontrol knows it as well.
mkdir "$work/bin"
cat > "$work/bin/sacct" <<'SACCT'
#!/bin/bash
for word in "$@"; do case $word in --jobs=*) id=${word#--jobs=} ;; esac; done
scontrol show job "$id" | sed -n 's/.*JobState=\([A-Z]*\).*/\1|/p'
SACCT
chmod +x "$work/bin/sacct"
export PATH="$work/bin:$PATH" USER="${USER:-root}"

cd "$work"
SMOKE_TEMPLATE="$work/slurm.tmpl" Rscript - <<'CODE'
library(causalsynth)
ask <- function() {
  study(dgp_paper("moderate"), list("iptw", "aipw", own = function(data) mean(data$Y)), n = 200, reps = 40, seed = 1,
        chunk = 10, learner_treatment = learn_glm(), learner_outcome = learn_glm(), threads = 1)
}
alone <- ask()
future::plan(future.batchtools::batchtools_slurm, template = Sys.getenv("SMOKE_TEMPLATE"), workers = 2)
queued <- ask()
stopifnot(identical(alone, queued))
cat("slurm: the same", nrow(as.data.frame(queued)), "estimates as sequentially\n")
CODE
