package dev.stoa.platform.control;

import dev.stoa.api.Certificate;
import dev.stoa.api.CertificateAuthority;
import dev.stoa.api.DomainState;
import dev.stoa.api.Requests.AddCertificate;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.http.Endpoint;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The endpoints of certificates, and of domains as the world sees them. */
public final class CertificatesApi {
    private final AppStore apps;
    private final Certificates certificates;
    private final DnsCheck dns;

    /** @param domain the suffix of the apps' names */
    public CertificatesApi(Stores stores, Certificates certificates, String domain) {
        this.apps = stores.apps();
        this.certificates = certificates;
        this.dns = DnsCheck.ofMachine(domain);
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(
                                "/v1/apps/{app}/domain-states",
                                "Lists the domains of an app with where the DNS leads them and which certificate they have")
                        .returns(Endpoint.listOf(DomainState.class))
                        .handler(request -> states(apps.require(request.path("app")))),
                Endpoint.get("/v1/certificates", "Lists the certificates, and the domains of apps that have none")
                        .returns(Endpoint.listOf(Certificate.class))
                        .handler(request -> certificates.list()),
                Endpoint.post("/v1/certificates", "Adds or replaces the certificate that is shown for a host")
                        .accepts(AddCertificate.class)
                        .status(201)
                        .returns(Certificate.class)
                        .handler(request -> certificates.add(request.body(AddCertificate.class))),
                Endpoint.delete("/v1/certificates/{host}", "Removes the certificate of a host")
                        .handler(request -> certificates.remove(request.path("host"))),
                Endpoint.post("/v1/certificates/{host}/renew", "Orders a certificate for a host now")
                        .returns(Certificate.class)
                        .handler(request -> certificates.renew(request.path("host"))),
                Endpoint.get("/v1/certificate-authority", "Shows the platform's own certificate authority")
                        .returns(CertificateAuthority.class)
                        .handler(request -> certificates.authority()));
    }

    private List<DomainState> states(AppRow app) {
        List<String> names = apps.domains(app.id());
        Map<String, DomainState> states = Collections.synchronizedMap(new TreeMap<>());
        Threads.together(
                "domains",
                names.stream()
                        .map(name -> (Runnable) () -> states.put(name, state(app, name)))
                        .toList());
        return new ArrayList<>(states.values());
    }

    private DomainState state(AppRow app, String name) {
        DnsCheck.Finding finding = dns.check(app.name(), name);
        return new DomainState(
                name, finding.state(), finding.addresses(), finding.records(), finding.detail(), certificates.of(name));
    }
}
