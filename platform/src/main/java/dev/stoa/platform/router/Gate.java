package dev.stoa.platform.router;

import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.Optional;

/** What a request has to pass before an instance is looked for: what the router answers on its own, and the edge of its app. */
final class Gate {
    private final Lane lane;

    Gate(Lane lane) {
        this.lane = lane;
    }

    Verdict enter(Exchange exchange, RequestHead.Fine head) {
        Client client = exchange.client();
        boolean inTheWorld = client.realm().equals(RouteTable.WORLD);
        Optional<String> proof = inTheWorld ? lane.https().answer(exchange.path()) : Optional.empty();
        if (proof.isPresent()) {
            return new Verdict.Answered(HereAnswer.text(proof.get()));
        }
        ForwardedHeaders.prepare(exchange.request().headers(), client, lane, head.upgrade(), exchange.requestId());
        Edge edge = inTheWorld ? lane.edges().find(head.host()) : null;
        if (edge == null || edge.manifest().trace()) {
            ForwardedHeaders.trace(exchange.request().headers(), lane);
        }
        return edge == null ? Verdict.Go.ON : pass(exchange, head, edge);
    }

    /** Through what the app lets the router do on its own. */
    private Verdict pass(Exchange exchange, RequestHead.Fine head, Edge edge) {
        exchange.belongsTo(edge);
        boolean secure = exchange.client().secure();
        if (edge.httpsOnly() && !secure && lane.https().port() != 0) {
            String url = lane.https()
                    .url(
                            head.host(),
                            exchange.request().headers().get(HttpHeaderNames.HOST, ""),
                            exchange.request().uri());
            return new Verdict.Answered(HereAnswer.movedTo(url));
        }
        EdgePass pass = exchange.pass(edge);
        return followed(exchange, edge, pass, pass.enter(head.hasBody(), !keepsToCanary(exchange, head, edge)));
    }

    /** A request that waited looks again. */
    Verdict again(Exchange exchange, Edge edge, EdgePass pass, boolean patient) {
        return followed(exchange, edge, pass, pass.again(patient));
    }

    private Verdict followed(Exchange exchange, Edge edge, EdgePass pass, Verdict verdict) {
        if (pass.refreshes()) {
            Refresh.begin(lane, exchange, edge, pass);
        }
        return verdict;
    }

    /** What the active release answered is not for clients of another one. */
    private boolean keepsToCanary(Exchange exchange, RequestHead.Fine head, Edge edge) {
        return edge.cache() != null
                && lane.backends()
                        .keepsToCanary(
                                head.host(), Sticky.markIn(exchange.request().headers()));
    }
}
