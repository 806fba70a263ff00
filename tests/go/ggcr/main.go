// A registry with the referrers API for tests: that of go-containerregistry, which keeps
// everything in memory, on a port of its own.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on " + listener.Addr().String())
	log.Fatal(http.Serve(listener, registry.New(registry.WithReferrersSupport(true))))
}
