package dev.stoa.platform;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.PlatformRestart;
import dev.stoa.api.StoaException;
import dev.stoa.platform.http.Endpoint;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** The endpoints by which a platform is restarted. */
record SuccessionApi(Succession succession) {
    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post("/v1/restart", "Puts a new process into the platform's place, without an interruption")
                        .accepts(PlatformRestart.Request.class)
                        .status(202)
                        .returns(PlatformRestart.class)
                        .handler(request -> succession.begin(request.body(PlatformRestart.Request.class)
                                .folder()
                                .map(SuccessionApi::absolute))),
                Endpoint.get("/v1/restart", "Tells how the last restart of the platform goes")
                        .returns(PlatformRestart.class)
                        .handler(request -> succession.state()));
    }

    private static Path absolute(String folder) {
        try {
            Path path = Path.of(folder);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException e) {
            // Said below.
        }
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "the folder of a package must be an absolute path, not \"%s\"".formatted(folder),
                "for example: /opt/stoa-0.2.0");
    }
}
