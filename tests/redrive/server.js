// An SQS on a free port of this machine; says which one, and ends with its standard input.
const { createSqsServer } = require("local-aws-sqs");

process.stdin.resume().on("end", () => process.exit(0));
createSqsServer({ port: 0, hostname: "127.0.0.1" }).then((server) => {
  console.log(server.address().port);
});
