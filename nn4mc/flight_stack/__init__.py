"""Flight stacks as data, and the C between each of them and a policy: `nn4mc compile MODEL --for STACK`."""
