package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Ids;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SparesTest {
    private final List<String> made = new ArrayList<>();
    private final List<String> removed = new ArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Spares spares = new Spares(removed::add, new Ids(new Random(1)), () -> now);

    private static Slot web(long rollout) {
        return new Slot(rollout, "web", 1);
    }

    private Optional<String> make(int app, Slot slot) {
        int before = made.size();
        spares.make(app, slot, made::add);
        return made.size() == before ? Optional.empty() : Optional.of(made.getLast());
    }

    @Test
    void theInstanceOfTheSlotThatItWasMadeForGetsItOnce() {
        Optional<String> id = make(1, web(7));
        assertThat(make(1, web(7))).isEmpty();

        assertThat(spares.take(1, new Slot(7, "worker", 1))).isEmpty();
        assertThat(spares.take(1, web(7))).isEqualTo(id);
        assertThat(spares.take(1, web(7))).isEmpty();
        assertThat(removed).isEmpty();
    }

    @Test
    void oneForARolloutThatIsPastIsTakenAway() {
        make(1, web(7));
        assertThat(spares.take(1, web(8))).isEmpty();
        assertThat(removed).containsExactly(made.getFirst());

        make(1, web(8));
        make(1, web(9));
        assertThat(removed).containsExactly(made.get(0), made.get(1));
    }

    @Test
    void ofManyAppsThoseThatFellAsleepLastHaveOneButNobodyIsPushedOutAtOnce() {
        for (int app = 0; app < Spares.MAX; app++) {
            assertThat(make(app, web(app))).isPresent();
        }
        assertThat(make(100, web(100))).isEmpty();
        assertThat(removed).isEmpty();

        now = now.plus(Duration.ofMinutes(1));
        assertThat(make(100, web(100))).isPresent();
        assertThat(removed).containsExactly(made.getFirst());
        assertThat(spares.has(0, web(0))).isFalse();
    }

    @Test
    void whatCannotBeMadeIsNotThere() {
        spares.make(1, web(1), id -> {
            throw new StoaException(ErrorCode.DISK_FULL, "no room", "");
        });
        assertThat(spares.take(1, web(1))).isEmpty();
    }

    @Test
    void allAreTakenAwayWhenEverythingStops() {
        make(1, web(1));
        make(2, web(2));
        spares.discardAll();
        assertThat(removed).containsExactlyElementsOf(made);
    }
}
