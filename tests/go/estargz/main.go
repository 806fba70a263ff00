// Makes a layer of eStargz from a tar, compressed or not: `estargz TAR OUT`, by the library that
// containerd's stargz-snapshotter is made of.
package main

import (
	"io"
	"log"
	"os"

	"github.com/containerd/stargz-snapshotter/estargz"
)

func main() {
	tar, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	info, err := tar.Stat()
	if err != nil {
		log.Fatal(err)
	}
	blob, err := estargz.Build(io.NewSectionReader(tar, 0, info.Size()))
	if err != nil {
		log.Fatal(err)
	}
	out, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(out, blob); err != nil {
		log.Fatal(err)
	}
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
	if err := blob.Close(); err != nil {
		log.Fatal(err)
	}
}
