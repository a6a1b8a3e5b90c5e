package dev.stoa.platform.engine.process;

import dev.stoa.platform.engine.InstanceSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Optional;

/**
 * All there is around an instance: files, control groups, network and sandbox, in which a shell waits for its script.
 *
 * @param port    0 if it is not to listen
 * @param address its own; the machine's where it shares that
 */
record Prepared(InstanceSpec spec, InstanceFiles files, int port, Optional<InetAddress> address, Process shim) {
    boolean fits(InstanceSpec wanted) {
        return shim.isAlive() && spec.surroundings().equals(wanted.surroundings());
    }

    /** Its shell finds no script, and all of it ends, as it does when the platform is gone. */
    void release() {
        try {
            shim.getOutputStream().close();
        } catch (IOException e) {
            Launcher.end(shim);
        }
    }
}
