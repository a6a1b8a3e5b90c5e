package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what the command takes; the launcher runs it without the command line in between. */
@Command(
        name = "router",
        description = "Run the router alone, by the route table of a platform that runs elsewhere.",
        footer = {"", "STOA_URL and STOA_TOKEN stand in for --url and --token-file."})
@SuppressWarnings("UnusedVariable") // Declared for --help.
final class RouterCommand implements Callable<Integer> {
    @Option(names = "--http-port", paramLabel = "PORT", description = "The port for HTTP (8080).")
    private Optional<Integer> httpPort = Optional.empty();

    @Option(names = "--https-port", paramLabel = "PORT", description = "The port for HTTPS (none).")
    private Optional<Integer> httpsPort = Optional.empty();

    @Option(
            names = "--public-https-port",
            paramLabel = "PORT",
            description = "The port by which clients reach the one for HTTPS, where another one is forwarded to it.")
    private Optional<Integer> publicHttpsPort = Optional.empty();

    @Option(
            names = "--proxy-protocol",
            paramLabel = "ADDRESSES",
            description = "Load balancers, such as 10.0.0.0/8, whose connections begin with the PROXY protocol.")
    private Optional<String> proxyProtocol = Optional.empty();

    @Option(names = "--url", paramLabel = "URL", description = "The platform's API (http://127.0.0.1:7070).")
    private Optional<String> url = Optional.empty();

    @Option(names = "--token-file", paramLabel = "FILE", description = "Holds the API's token ($STOA_HOME/token).")
    private Optional<String> tokenFile = Optional.empty();

    @Option(
            names = "--state",
            paramLabel = "FILE",
            description = "Keeps the last route table ($STOA_HOME/router-PORT.json).")
    private Optional<String> state = Optional.empty();

    @Override
    public Integer call() {
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "stoa router prints no document, so --json is of no use with it",
                "the platform knows its routers: GET /v1/routers");
    }
}
