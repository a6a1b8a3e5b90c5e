package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.InstanceRange;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AutoscalerTest {
    /** 7 in flight are as much as one instance should have. */
    private static final InstanceRange RANGE = new InstanceRange(0, 10, Optional.of(10), Optional.empty());

    private final Autoscaler autoscaler = new Autoscaler();
    private Instant now = Instant.parse("2026-01-01T12:00:00Z");
    private int wanted = 1;

    /** So many in flight, seen once a second. */
    private AutoscalerTest after(int seconds, int inFlight) {
        for (int i = 0; i < seconds; i++) {
            now = now.plusSeconds(1);
            wanted = autoscaler.wanted(now, RANGE, wanted, inFlight, false);
        }
        return this;
    }

    @ParameterizedTest(name = "{0} in flight at once: {1}")
    @CsvSource({"1,1", "7,1", "8,2", "14,2", "15,3", "70,10", "71,10", "500,10"})
    void aWakingAppGetsAsManyAsWhatWaitsAsksFor(int inFlight, int instances) {
        assertThat(Autoscaler.atOnce(RANGE, inFlight)).isEqualTo(instances);
    }

    @ParameterizedTest(name = "{0} in flight for long: {1}")
    @CsvSource({"0,1", "7,1", "8,2", "14,2", "30,5", "700,10"})
    void whatLastsGetsAsManyAsItNeeds(int inFlight, int instances) {
        assertThat(after(10, inFlight).wanted).isEqualTo(instances);
    }

    @Test
    void aShortPeakThatTheInstanceCanBearStartsNothing() {
        assertThat(after(20, 3).after(1, 12).after(20, 3).wanted).isEqualTo(1);
    }

    @Test
    void twiceAsMuchAsThereShouldBeIsAnsweredAtOnce() {
        assertThat(after(20, 3).after(1, 14).wanted).isEqualTo(2);
        assertThat(after(1, 60).wanted).isEqualTo(9);
    }

    @Test
    void requestsThatWaitAlthoughAllAreUpGetOneMore() {
        assertThat(autoscaler.wanted(now, RANGE, 2, 3, true)).isEqualTo(3);
        assertThat(autoscaler.wanted(now, RANGE, 10, 3, true)).isEqualTo(10);
    }

    @Test
    void fewerAreWantedOnlyAfterAMinuteOfLess() {
        after(70, 60);
        assertThat(wanted).isEqualTo(9);
        after(60, 1);
        assertThat(wanted).isEqualTo(9);
        after(10, 1);
        assertThat(wanted).isEqualTo(1);
    }

    @Test
    void aPeakWithinTheMinuteKeepsWhatItAskedFor() {
        after(70, 60).after(30, 1).after(10, 30).after(40, 1);
        assertThat(wanted).isEqualTo(5);
    }

    @Test
    void neverFewerThanTheLeastNorMoreThanTheMost() {
        InstanceRange range = new InstanceRange(2, 3, Optional.of(10), Optional.empty());
        assertThat(autoscaler.wanted(now, range, 2, 1000, false)).isEqualTo(3);
        Autoscaler calm = new Autoscaler();
        int count = 3;
        for (int i = 0; i < 200; i++) {
            count = calm.wanted(now.plusSeconds(i), range, count, 0, false);
        }
        assertThat(count).isEqualTo(2);
    }

    @Test
    void anInstanceForOneRequestEachIsPossible() {
        InstanceRange range = new InstanceRange(0, 5, Optional.of(1), Optional.empty());
        assertThat(Autoscaler.alarm(range)).isEqualTo(1);
        assertThat(Autoscaler.atOnce(range, 2)).isEqualTo(3);
    }

    @Test
    void timeAloneChangesNothingForAnAppWithLittleToDo() {
        assertThat(after(5, 3).autoscaler.unsettled(RANGE, wanted)).isFalse();
        assertThat(after(1, 20).autoscaler.unsettled(RANGE, wanted)).isTrue();
    }
}
