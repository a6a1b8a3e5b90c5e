package dev.stoa.platform.engine;

import java.net.InetAddress;
import java.util.Set;

/**
 * Has the kernel lead new connections to a port of this machine to a server, past whoever listens on the port. What was led
 * there outlives the platform, and so does what is said here; connections that there are stay as they are, whatever is said.
 *
 * <p>A port is one of 127.0.0.1 and of the instances' gateway. Clients on the machine itself are led to 127.0.0.1, and those in
 * instances to {@link #address}.
 */
public interface PortForwarding {
    /** Where servers have to listen for instances. What was not led there does not get there, from wherever it comes. */
    InetAddress address();

    /** The addresses that instances may have, such as {@code 10.200.16.0/20}. */
    String clients();

    /**
     * From now on, in place of what was said of the port before.
     *
     * @param server  its port
     * @param tenants whose instances are led there; those of others reach the port itself, as before
     * @throws java.io.UncheckedIOException if the kernel refuses it; nobody is led anywhere then
     */
    void forward(int port, int server, Set<Integer> tenants);

    /** From now on connections reach the port itself. Does nothing for one of which nothing was said. */
    void end(int port);
}
