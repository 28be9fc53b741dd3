// Command serve runs the example newsletter: serve ADDRESS FILE, with the secret in ERASURE_SECRET.
package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/atlascloudai/docket/erasure/http/contract"
	"github.com/atlascloudai/docket/erasure/http/example"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: ERASURE_SECRET=whsec_... serve ADDRESS FILE")
	}
	newsletter, err := example.Open(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	handler, err := contract.Handler(example.Collections(), newsletter, os.Getenv("ERASURE_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: os.Args[1], Handler: handler, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute}
	log.Fatal(server.ListenAndServe())
}
