# Pipes that give way on narrow links (docs/adr/0018-pipes-give-way.md): a pipe consumer holds layers back on request, it
# retransmits at most one packet for four new ones (other consumers one for two), and requests a key frame of the one stream that lacks it; a pipe
# transport counts what the other end misses. No fuzz: an upstream change ends the build instead of losing the patch.
patch --strip=1 --fuzz=0 --no-backup-if-mismatch <"${patch}worker.patch"
