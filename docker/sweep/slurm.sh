#!/bin/bash
# A sweep in eight parts, as an array of Slurm jobs: each does one part and writes its own file. Run `go run ./cmd/lab setup` once
# on the shared file system before, then, in the repository:
#
#   sbatch docker/sweep/slurm.sh
#   go run ./cmd/lab sweep merge results/part-*.jsonl
#
# A part that was ended goes on where its file ends: submit the same script again.
#SBATCH --job-name=descent-sweep
#SBATCH --array=0-7
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=01:00:00
set -euo pipefail
mkdir -p results
parts=$((SLURM_ARRAY_TASK_MAX + 1))
exec go run ./cmd/lab sweep --offline --rates 0.01,0.02,0.05,0.1 \
	--shard "$SLURM_ARRAY_TASK_ID/$parts" --to "results/part-$SLURM_ARRAY_TASK_ID.jsonl"
