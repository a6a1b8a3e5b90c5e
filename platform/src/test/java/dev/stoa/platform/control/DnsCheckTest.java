package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.platform.control.DnsCheck.Finding;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DnsCheckTest {
    private static final List<InetAddress> HERE = addresses("203.0.113.7", "2001:db8::7");

    private static List<InetAddress> addresses(String... texts) {
        return Stream.of(texts).map(InetAddress::ofLiteral).toList();
    }

    private static Finding check(List<InetAddress> found, List<InetAddress> here, String domain) {
        return new DnsCheck(host -> found, name -> here, domain).check("shop", "shop.example.com");
    }

    @Test
    void aNameThatLeadsHereIsFine() {
        assertThat(check(addresses("203.0.113.7"), HERE, "localhost").state()).isEqualTo("ok");
        assertThat(check(addresses("127.0.0.1"), HERE, "localhost").detail()).contains("from itself only");
    }

    @Test
    void aNameWithoutAnAddressNeedsOneOfTheseRecords() {
        Finding finding = check(List.of(), HERE, "apps.example.com");
        assertThat(finding.state()).isEqualTo("missing");
        assertThat(finding.records())
                .containsExactly("A 203.0.113.7", "AAAA 2001:db8:0:0:0:0:0:7", "CNAME shop.apps.example.com.");
    }

    @Test
    void aNameThatLeadsElsewhereIsNamed() {
        Finding finding = check(addresses("203.0.113.7", "198.51.100.9"), HERE, "localhost");
        assertThat(finding.state()).isEqualTo("elsewhere");
        assertThat(finding.detail()).contains("198.51.100.9").doesNotContain("203.0.113.7");
    }

    @Test
    void aMachineBehindARouterDoesNotKnowItsPublicAddress() {
        Finding finding = check(List.of(), addresses("10.0.0.5", "fd00::5"), "localhost");
        assertThat(finding.records()).contains("A 10.0.0.5");
        assertThat(finding.detail()).contains("no public address of its own");
        assertThat(check(List.of(), addresses("10.0.0.5", "203.0.113.7"), "localhost")
                        .records())
                .containsExactly("A 203.0.113.7");
    }
}
