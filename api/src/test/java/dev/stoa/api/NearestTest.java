package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
    private static final List<String> KEYS = List.of("command", "instances", "memory", "cpu", "health");

    @ParameterizedTest
    @CsvSource({
        "instnces, instances",
        "Instances, instances",
        "mem, memory",
        "memroy, memory",
        "comand, command",
        "cmd, ",
        "cup, cpu",
        "helth, health",
        "replicas, ",
        "x, "
    })
    void aSlipOfTheFingerFindsItsWord(String typed, String meant) {
        assertThat(Nearest.of(typed, KEYS).orElse(null)).isEqualTo(meant);
    }

    @ParameterizedTest
    @CsvSource({"'', '', 0", "abc, abc, 0", "abc, ab, 1", "abc, acb, 1", "kitten, sitting, 3", "ca, abc, 3"})
    void theDistanceCountsSlips(String a, String b, int slips) {
        assertThat(Nearest.distance(a, b)).isEqualTo(slips);
        assertThat(Nearest.distance(b, a)).isEqualTo(slips);
    }

    @Test
    void aWordOfAMegabyteIsNotCompared() {
        assertThat(Nearest.of("c".repeat(1 << 20), KEYS)).isEmpty();
    }

    @Test
    void ofTwoEquallyNearTheFirstInTheAlphabetIsMeant() {
        assertThat(Nearest.of("wbb", List.of("wob", "web"))).contains("web");
    }
}
