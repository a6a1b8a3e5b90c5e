package dev.stoa.platform.engine.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedNetworkTest {
    @Test
    void aFixedPortIsRefusedWhereInstancesShareTheMachinesNetwork(@TempDir Path base) throws IOException {
        try (EngineFixture fixture = new EngineFixture(base, Sandbox.Kind.NONE)) {
            var spec = fixture.spec("true").port(80).build();

            StoaException e = catchThrowableOfType(
                    StoaException.class, () -> fixture.engine().start(spec));

            assertThat(e.code()).isEqualTo(ErrorCode.PORT_UNAVAILABLE);
            assertThat(e.message()).contains("port = 80 in stoa.toml needs a network of its own", "start Stoa as root");
        }
    }
}
