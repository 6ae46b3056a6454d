"""What is read in a document that a merchant hands in. Pure of gRPC, SQL and the bus.

`intake` judges bytes before anything opens them, `reading` reads one picture (in a process of its own: `worker`, which
`process` runs), `checking` compares what was read with what is known. `model` has the shapes.
"""
