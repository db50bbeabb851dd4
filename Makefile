# Two targets matter to a new user: test and bench. CI calls test with
# SLIPWAY_REQUIRE, which turns the skips of what CI installs into failures.
.PHONY: test race bench build lint generate kube-contract s3-contract

# A package's tests may take longer than Go's ten minutes in CI, which asks for every case.
# Regions are many and short-lived: collecting their garbage less often spares an eighth of
# the time.
test:
	GOGC=400 go test -timeout 40m ./...

# Whatever more than one goroutine touches: the layers below a run, and a launch with
# eight workers on the scaled clock against a served region. Needs cgo.
race:
	go test -race ./internal/engine ./internal/pace ./internal/interrupt ./internal/kube
	go test -race -run TestALaunchWithEightWorkersOverSockets ./internal/run

bench:
	go test -run '^$$' -bench . -benchtime 1x ./internal/graph ./internal/bench ./internal/drift ./internal/plan ./internal/sim ./cmd/slipway

build:
	go build -trimpath -ldflags '-s -w' -o slipway ./cmd/slipway

lint:
	@test -z "$$(gofmt -l cmd internal test)" || { gofmt -l cmd internal test; echo 'gofmt has something to say about the files above'; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff

generate:
	go run ./internal/tools/leansdk -service ec2 -list internal/tools/leansdk/ec2.txt -out internal/aws/ec2 -import github.com/slipway-eks/slipway/internal/aws/ec2

# The simulated clusters' API beside a real kube-apiserver, which is built once (some
# twelve CPU minutes) into the user's cache.
kube-contract: kube = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/slipway/kube-apiserver-1.34.2
kube-contract: base = k8s.io/component-base/version
kube-contract: link = -s -w -X $(base).gitVersion=v1.34.2 -X $(base).gitMajor=1 -X $(base).gitMinor=34
kube-contract:
	test -x $(kube) || (cd test/kubeapi && go build -o $(kube) -ldflags '$(link)' ./kube-apiserver)
	cd test/kubeapi && SLIPWAY_KUBE_APISERVER=$(kube) go test ./...

# The contract of a store on a real S3 server, SeaweedFS, which is built once (some six
# CPU minutes) into the user's cache and started on loopback by the test. Its replies to
# writers who race are what takes the minute that this lasts.
s3-contract: weed = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/slipway/seaweedfs-20261109
s3-contract:
	test -x $(weed) || (cd test/s3 && go build -o $(weed) -ldflags '-s -w' github.com/seaweedfs/seaweedfs/weed)
	SLIPWAY_SEAWEEDFS=$(weed) go test -count 1 -run SeaweedFS ./internal/store/bucket
