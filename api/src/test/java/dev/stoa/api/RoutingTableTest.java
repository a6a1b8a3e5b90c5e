package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoutingTableTest {
    private static Manifest parse(String routing) {
        return ManifestFile.parse("[routing]\n" + routing, "stoa.toml");
    }

    @Test
    void everyKeyIsReadAndShownAndStoredAsItIs() {
        Manifest manifest = parse("requests = 100\nslow_start = \"30s\"\nsticky = true\nprotocol = \"h2c\"");
        RoutingManifest routing = manifest.routing();
        assertThat(routing)
                .isEqualTo(new RoutingManifest(
                        Optional.of(100), Optional.of(Duration.ofSeconds(30)), true, AppProtocol.H2C));
        assertThat(Json.read(Json.write(manifest), Manifest.class).routing()).isEqualTo(routing);
        assertThat(ManifestLines.toml(ManifestLines.of(manifest, AppSetup.NONE, Map.of())))
                .contains(
                        "[routing]\nrequests = 100  # stoa.toml\nslow_start = \"30s\"  # stoa.toml\nsticky = true  #",
                        "\nprotocol = \"h2c\"  #");
        assertThat(parse("").routing()).isEqualTo(RoutingManifest.DEFAULT);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            requests = 0          | "requests" of [routing] must be from 1 to 100000, not 0 in stoa.toml, line 2
            requests = "many"     | "requests" of [routing] must be a whole number, not the string "many" in stoa.toml, line 2
            slow_start = 30       | "slow_start" of [routing] must be a string, not the number 30 in stoa.toml, line 2
            slow_start = "0s"     | "slow_start" of [routing] must be a time such as "90s", "20m" or "2h", not "0s" in stoa.toml, line 2
            slow_start = "2h"     | "slow_start" of [routing] must be at most 1 h in stoa.toml, line 2
            sticky = "yes"        | "sticky" of [routing] must be true or false, not the string "yes" in stoa.toml, line 2
            protocol = "h2"       | "protocol" of [routing] is "http/1.1" or "h2c" in stoa.toml, line 2
            stiky = true          | "stiky" is not a key of [routing] in stoa.toml, line 2
            """)
    void aMistakeIsNamedWithItsLine(String line, String message) {
        assertThatThrownBy(() -> parse(line)).hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10", "10%", " 10 % "})
    void aShareIsAWholeNumberOfPercent(String text) {
        assertThat(Canary.percentOf(text)).isEqualTo(10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0%", "100%", "1.5%", "-3", "ten", "", "%", "9999"})
    void whatIsNoShareOrAllOfItIsRefused(String text) {
        assertThatThrownBy(() -> Canary.percentOf(text))
                .isInstanceOfSatisfying(
                        StoaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BAD_REQUEST));
    }
}
