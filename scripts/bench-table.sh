#!/bin/sh
# Passes the output of go test -bench through and prints its figures as a Markdown table at the end, as in
# docs/performance.md. Fails when a benchmark failed.
awk '
	{ print }
	/^(FAIL|--- FAIL|panic:|exit status)/ { failed = 1 }
	/^Benchmark/ {
		name = $1
		sub(/^Benchmark/, "", name)
		sub(/-[0-9]+$/, "", name)
		line = "| " name " |"
		for (i = 3; i < NF; i += 2) {
			if ($(i + 1) == "ns/op" && $i == 0 || $(i + 1) == "B/op" || $(i + 1) == "allocs/op") continue
			line = line " " $i " " $(i + 1) (i + 2 < NF ? "," : "")
		}
		sub(/,$/, "", line)
		rows[++n] = line " |"
	}
	END {
		if (n) {
			print ""
			print "| measured | figures |"
			print "|---|---|"
			for (i = 1; i <= n; i++) print rows[i]
		}
		exit failed
	}
'
