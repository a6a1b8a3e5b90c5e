package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Identity;
import dev.stoa.api.IdentityEvent;
import dev.stoa.api.StoaException;
import dev.stoa.platform.http.Endpoint;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** The endpoints for routers in other processes that speak HTTPS. The only ones by which a private key leaves the platform. */
public final class IdentityApi {
    private final IdentityDesk desk;
    private final Certificates certificates;
    private final Predicate<String> routed;

    /** @param routed whether the world reaches somebody by a host */
    public IdentityApi(IdentityDesk desk, Certificates certificates, Predicate<String> routed) {
        this.desk = desk;
        this.certificates = certificates;
        this.routed = routed;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(
                                "/v1/identities",
                                "Tells a router that certificates have changed, and what an authority is to be shown")
                        .query("router", "its id, the same for as long as it is the same router")
                        .streams(IdentityEvent.class)
                        .handler((request, sink) ->
                                desk.watch(RouterApi.id(request.query("router").orElse("")), sink::accept)),
                Endpoint.post("/v1/identities/{router}", "Says that a router has acted upon what it was told")
                        .accepts(IdentityEvent.Done.class)
                        .handler(request -> desk.done(
                                RouterApi.id(request.path("router")),
                                request.body(IdentityEvent.Done.class).version())),
                Endpoint.get("/v1/identity", "Tells a router the certificate of a host, and its private key")
                        .query("host", "one that leads to an app; absent: for clients that name none")
                        .returns(Identity.class)
                        .handler(request ->
                                identity(request.query("host").orElse("").toLowerCase(Locale.ROOT))));
    }

    private Identity identity(String host) {
        if (!host.isEmpty() && !routed.test(host)) {
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "\"%s\" leads to no app, so no certificate is shown for it".formatted(host),
                    "stoa domains add HOST -a APP   leads it to one");
        }
        return certificates
                .chain(host)
                .map(chain -> new Identity(host, chain.chainPem(), chain.keyPem()))
                .orElseThrow(() -> new StoaException(
                        ErrorCode.NOT_FOUND,
                        "there is no certificate for %s".formatted(host),
                        "stoa certs lists them"));
    }
}
