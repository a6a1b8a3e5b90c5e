package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Apps that ignore PORT, and apps that call each other. */
class NetworkTest {
    private static final String ASK =
            "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).read().decode())";

    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        assumeTrue(
                stoa.json("status").get("isolation").asString().contains("own network"),
                "needs root and network namespaces: apt-get install iproute2");
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void twoAppsOfThreeInstancesEachHavePort80AtTheSameTime() {
        for (String app : new String[] {"one", "two"}) {
            stoa.ok("deploy", portEighty(app).toString(), "-a", app);
            stoa.ok("scale", "web=3", "-a", app);
        }
        Set<String> addresses = new HashSet<>();
        for (String app : new String[] {"one", "two"}) {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> stoa.instances(app).stream()
                                    .filter(i -> i.get("state").asString().equals("up"))
                                    .count()
                            == 3);
            assertThat(stoa.get(app, "/").body()).isEqualTo(app);
            stoa.instances(app).forEach(i -> addresses.add(i.get("address").asString()));
        }
        assertThat(addresses).hasSize(6).allMatch(address -> address.endsWith(":80"));
    }

    @Test
    void anAppReachesAnotherByItsInternalNameOnlyWhenThatAllowsIt() {
        stoa.ok("deploy", portEighty("caller").toString(), "-a", "caller");
        stoa.ok("deploy", portEighty("callee").toString(), "-a", "callee");
        String address = stoa.instances("callee").getFirst().get("address").asString();

        assertThat(ask("http://callee.stoa.internal/").status()).isNotZero();
        assertThat(ask("http://" + address + "/").status()).isNotZero();

        Folder allowing = portEighty("callee").with("stoa.toml", "port = 80\n[network]\nallow = [\"caller\"]\n");
        stoa.ok("deploy", allowing.toString(), "-a", "callee");

        assertThat(ask("http://callee.stoa.internal/").out().strip()).isEqualTo("callee");
        assertThat(ask("http://" + address + "/").status()).isNotZero();
    }

    private static Stoa.Result ask(String url) {
        return stoa.run("run", "-a", "caller", "--", "python3", "-c", ASK, url);
    }

    private static Folder portEighty(String text) {
        return Folder.empty()
                .with("Procfile", "web: python3 server.py\n")
                .with("stoa.toml", "port = 80\n")
                .with("server.py", Folder.server(text).replace("int(os.environ[\"PORT\"])", "80"));
    }
}
