// Command kube-apiserver is Kubernetes' own API server with an etcd in the same
// process: what the contract suite compares the simulated region with.
//
//	kube-apiserver DATADIR ETCDPORT PEERPORT [the API server's own flags]
package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: kube-apiserver DATADIR ETCDPORT PEERPORT [flags]")
		os.Exit(2)
	}
	if err := etcd(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		os.Exit(1)
	}
	cmd := app.NewAPIServerCommand()
	cmd.SetArgs(append([]string{"--etcd-servers=http://127.0.0.1:" + os.Args[2]}, os.Args[4:]...))
	os.Exit(cli.Run(cmd))
}

// etcd runs for as long as the process.
func etcd(dir, client, peer string) error {
	c := embed.NewConfig()
	c.Dir, c.LogLevel, c.UnsafeNoFsync = filepath.Join(dir, "etcd"), "error", true
	cu, pu := url.URL{Scheme: "http", Host: "127.0.0.1:" + client}, url.URL{Scheme: "http", Host: "127.0.0.1:" + peer}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{cu}, []url.URL{cu}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{pu}, []url.URL{pu}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	e, err := embed.StartEtcd(c)
	if err == nil {
		<-e.Server.ReadyNotify()
	}
	return err
}
