// A TLS server of Java's own library with nothing disabled, and the truth about it from that library: before it listens, two engines
// in memory shake hands over every supported suite in every version, and what works is written down.
// java -Djdk.tls.ephemeralDHKeySize=legacy JsseServer.java STORE PASSWORD PORT READY ADDRESS...

import java.io.FileInputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

public class JsseServer {
    static final class TrustsAll implements X509TrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String type) {}
        public void checkServerTrusted(X509Certificate[] chain, String type) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    }

    static boolean agrees(SSLContext context, String version, String suite, String[] all) {
        SSLEngine server = context.createSSLEngine();
        server.setUseClientMode(false);
        server.setEnabledProtocols(server.getSupportedProtocols());
        server.setEnabledCipherSuites(all);
        SSLEngine client = context.createSSLEngine();
        client.setUseClientMode(true);
        try {
            client.setEnabledProtocols(new String[] {version});
            client.setEnabledCipherSuites(new String[] {suite});
            return shake(client, server) && client.getSession().getCipherSuite().equals(suite);
        } catch (SSLException | IllegalArgumentException refused) {
            return false;
        }
    }

    static boolean shake(SSLEngine client, SSLEngine server) throws SSLException {
        ByteBuffer up = ByteBuffer.allocate(200000), down = ByteBuffer.allocate(200000), waste = ByteBuffer.allocate(200000);
        client.beginHandshake();
        server.beginHandshake();
        for (int step = 0; step < 60; step++) {
            move(client, up, down, waste);
            move(server, down, up, waste);
            if (client.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING && server.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING) {
                return true;
            }
        }
        return false;
    }

    static void move(SSLEngine engine, ByteBuffer out, ByteBuffer in, ByteBuffer waste) throws SSLException {
        while (true) {
            waste.clear();
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK:
                    for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                        task.run();
                    }
                    break;
                case NEED_WRAP:
                    engine.wrap(ByteBuffer.allocate(0), out);
                    break;
                case NEED_UNWRAP:
                case NEED_UNWRAP_AGAIN:
                    in.flip();
                    int before = in.remaining();
                    if (before > 0) {
                        engine.unwrap(in, waste);
                    }
                    boolean read = in.remaining() < before;
                    in.compact();
                    if (!read) {
                        return;
                    }
                    break;
                default:
                    return;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        for (String name : new String[] {"jdk.tls.disabledAlgorithms", "jdk.tls.legacyAlgorithms", "jdk.certpath.disabledAlgorithms"}) {
            Security.setProperty(name, "");
        }
        char[] password = arguments[1].toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream file = new FileInputStream(arguments[0])) {
            store.load(file, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(store, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {new TrustsAll()}, null);

        SSLParameters supported = context.getSupportedSSLParameters();
        String[] all = supported.getCipherSuites();
        Map<String, List<String>> found = new TreeMap<>();
        for (String version : supported.getProtocols()) {
            if (version.equals("SSLv2Hello")) {
                continue; // an old shape of the first message, no version
            }
            List<String> agreed = new ArrayList<>();
            for (String suite : all) {
                if (agrees(context, version, suite, all)) {
                    agreed.add('"' + suite.replaceFirst("^SSL_", "TLS_") + '"');
                }
            }
            String name = version.equals("TLSv1") ? "TLSv1.0" : version;
            found.put(name, agreed);
        }

        List<SSLServerSocket> sockets = new ArrayList<>();
        for (int index = 4; index < arguments.length; index++) {
            InetAddress address = InetAddress.getByName(arguments[index]);
            SSLServerSocket socket =
                (SSLServerSocket) context.getServerSocketFactory().createServerSocket(Integer.parseInt(arguments[2]), 50, address);
            socket.setEnabledProtocols(supported.getProtocols());
            socket.setEnabledCipherSuites(all);
            sockets.add(socket);
        }
        for (SSLServerSocket socket : sockets) {
            new Thread(() -> serve(socket)).start();
        }
        String suites = found.entrySet().stream().map(e -> '"' + e.getKey() + "\":" + e.getValue()).collect(Collectors.joining(","));
        Path ready = Path.of(arguments[3]), draft = Path.of(arguments[3] + ".new");
        Files.writeString(draft, "{\"prefers\":\"server\",\"suites\":{" + suites + "}}");
        Files.move(draft, ready, StandardCopyOption.ATOMIC_MOVE);
    }

    static void serve(SSLServerSocket socket) {
        while (true) {
            try {
                SSLSocket peer = (SSLSocket) socket.accept();
                new Thread(() -> answer(peer)).start();
            } catch (java.io.IOException ended) {
                return;
            }
        }
    }

    static void answer(SSLSocket peer) {
        try (peer) {
            peer.startHandshake();
            peer.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nzoo\n".getBytes(StandardCharsets.US_ASCII));
        } catch (java.io.IOException refused) {
            // the peer's own business
        }
    }
}
