"""What `sycee bench` measures: the suite beside the bare parts it is made of, in one run on one machine."""
