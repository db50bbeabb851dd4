//go:build leansdk

package main

// The whole client is a requirement of the generator alone: this import, which no
// build sees, keeps its version in go.mod.
import _ "github.com/aws/aws-sdk-go-v2/service/ec2"
