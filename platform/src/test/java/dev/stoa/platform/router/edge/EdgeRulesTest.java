package dev.stoa.platform.router.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.EdgeManifest.Redirect;
import dev.stoa.api.EdgeManifest.Rewrite;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EdgeRulesTest {
    private final PathRules paths = new PathRules(
            List.of(
                    new Redirect("/old/*", "/new/:splat", 301),
                    new Redirect("/old/never", "/second", 301),
                    new Redirect("/out/*", "/:splat", 302),
                    new Redirect("/q", "/r?a=1#end", 303),
                    new Redirect("/www/*", "https://shop.example.com/www/:splat", 308)),
            List.of(new Rewrite("/u/:name", "/users?name=:name"), new Rewrite("/u/*", "/never")));

    @ParameterizedTest
    @CsvSource({
        "/old/a?x=1&y, 301 /new/a?x=1&y",
        "/old/never,   301 /new/never",
        "/out//evil.com, 302 /evil.com",
        "/out/%2f/evil.com, 302 /%2f/evil.com",
        "/q?b=2,       303 /r?a=1&b=2#end",
        "/www/a,       308 https://shop.example.com/www/a",
    })
    void aRequestIsSentToWhereItBelongs(String target, String expected) {
        assertThat(paths.redirect(target, "https://other.example.com").map(to -> to.status() + " " + to.location()))
                .contains(expected);
    }

    @Test
    void aRequestThatIsWhereItBelongsIsNotSentAgain() {
        assertThat(paths.redirect("/www/a?b", "https://shop.example.com")).isEmpty();
        assertThat(paths.redirect("/www/a?b", "https://SHOP.example.com")).isEmpty();
        assertThat(paths.redirect("/www/a?b", "http://shop.example.com")).isPresent();
        assertThat(paths.redirect("/else", "https://shop.example.com")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"/u/bob, /users?name=bob", "/u/bob?x=1, /users?name=bob&x=1", "/u/a/b?c, /never?c", "/x?u, /x?u", "*, *"
    })
    void theAppMayKnowAPathByAnotherName(String target, String expected) {
        assertThat(paths.rewrite(target)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"10.1.2.3, true", "10.9.9.9, false", "11.0.0.1, false", "::1, true"})
    void aDeniedAddressMayNotAskThoughItBeAllowed(String address, boolean admitted) {
        AddressRules rules = new AddressRules(List.of("10.0.0.0/8", "::1"), List.of("10.9.0.0/16"));
        assertThat(rules.admits(InetAddress.ofLiteral(address))).isEqualTo(admitted);
        assertThat(new AddressRules(List.of(), List.of()).admits(InetAddress.ofLiteral(address)))
                .isTrue();
    }

    private static String basic(String credentials) {
        return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void onlyTheRightUserAndPasswordOpenTheGate() {
        String login = BasicAuth.login("admin", "s3crät:x");

        assertThat(BasicAuth.matches(login, basic("admin:s3crät:x"))).isTrue();
        assertThat(BasicAuth.matches(login, basic("admin:s3crät:x").replace("Basic", "bASIC")))
                .isTrue();
        for (String wrong : List.of(
                "",
                "Basic",
                "Basic ",
                "Basic ====",
                "Bearer " + basic("admin:s3crät:x").substring(6),
                basic("admin:s3crät"),
                basic("Admin:s3crät:x"),
                basic(""),
                basic("admin:" + "x".repeat(5000)))) {
            assertThat(BasicAuth.matches(login, wrong)).as(wrong).isFalse();
        }
        assertThat(login).doesNotContain("s3cr");
    }

    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @ParameterizedTest
    @CsvSource({
        TRACE + ", true",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00, true",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more, true",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, true",
        TRACE + "-more, false",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more, false",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, false",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01, false",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01, false",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01, false",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331, false",
        "00-0af7651916cd43dd8448eb211c80319cb7ad6b7169203331--01, false",
        "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, false",
        "'', false",
    })
    void aTraceIsValidAsTheStandardSays(String value, boolean valid) {
        assertThat(TraceParent.isValid(value)).isEqualTo(valid);
    }

    @Test
    void aNewTraceIsValid() {
        assertThat(TraceParent.create(0, 0, 0))
                .satisfies(value -> assertThat(TraceParent.isValid(value)).isTrue());
        assertThat(TraceParent.create(-1, 2, 3)).isEqualTo("00-ffffffffffffffff0000000000000003-0000000000000003-01");
    }
}
