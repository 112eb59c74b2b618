// A TLS server for every Node.js from 0.10 to 24, and the truth about it from its own OpenSSL: after it listens, clients of the same
// library try every suite that they know in every version, one at a time, and what was agreed is written down. Only then it is "ready".
// node [--enable-ssl2 --enable-ssl3] node_server.js CONFIG.json
'use strict';
var fs = require('fs'), tls = require('tls');
var config = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
var found = { suites: {}, openssl: process.versions.openssl, prefers: config.honorCipherOrder ? 'server' : 'client' };

function options(extra) {
  var all = { key: fs.readFileSync(config.key), cert: fs.readFileSync(config.cert), secureOptions: 0, honorCipherOrder: config.honorCipherOrder };
  if (config.dhparam) all.dhparam = fs.readFileSync(config.dhparam);
  Object.keys(extra).forEach(function (name) { all[name] = extra[name]; });
  return all;
}

function serve(address, then) {
  var server = tls.createServer(options(config.options), function (stream) {
    stream.on('error', function () {});
    stream.once('data', function () { stream.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nzoo\n'); });
  });
  server.on('clientError', function () {});
  server.on('tlsClientError', function () {});
  server.listen(config.port, address, then);
}

// Calls back once with the suite's name, or null.
function attempt(extra, ciphers, then) {
  var stream, done = false;
  function end(name) {
    if (done) return;
    done = true;
    clearTimeout(timer);
    if (stream) stream.destroy();
    then(name);
  }
  var timer = setTimeout(function () { end(null); }, 5000);
  try {
    var wanted = { host: config.v4, port: config.port, rejectUnauthorized: false, ciphers: ciphers };
    if (config.clientOptions) Object.keys(config.clientOptions).forEach(function (name) { wanted[name] = config.clientOptions[name]; });
    Object.keys(extra).forEach(function (name) { wanted[name] = extra[name]; });
    stream = tls.connect(wanted, function () {
      var cipher = stream.getCipher();
      end(cipher && cipher.name ? cipher.name : null);
    });
    stream.on('error', function () { end(null); });
    stream.on('close', function () { end(null); });
  } catch (error) {
    end(null);
  }
}

// Runs work(item, next) over all items, a few at a time.
function each(items, work, then) {
  var waiting = items.slice(), running = 0, done = false;
  function more() {
    if (done) return;
    if (!waiting.length && !running) {
      done = true;
      return then();
    }
    while (waiting.length && running < 4) {
      running++;
      work(waiting.shift(), function () { running--; process.nextTick(more); });
    }
  }
  more();
}

// The server's order: offer all, strike what it chose, repeat.
function order(version, names, sorted, then) {
  if (!names.length) return then(sorted);
  attempt(version.options, names.join(':') + config.suffix, function (name) {
    if (names.indexOf(name) < 0) return then(sorted.concat(names));
    order(version, names.filter(function (one) { return one !== name; }), sorted.concat([name]), then);
  });
}

function versions(list, then) {
  if (!list.length) return then();
  var version = list[0], accepted = [];
  each(version.suites, function (suite, next) {
    attempt(version.options, suite + config.suffix, function (name) {
      if (name === suite) accepted.push(suite);
      next();
    });
  }, function () {
    function on(sorted) {
      found.suites[version.name] = sorted;
      versions(list.slice(1), then);
    }
    if (config.honorCipherOrder && version.ordered) order(version, accepted, [], on); else on(accepted);
  });
}

function groups(list, then) {
  if (!list.length) return then();
  var version = list[0];
  found.groups = found.groups || {};
  found.groups[version.name] = [];
  each(Object.keys(version.groups), function (group, next) {
    var extra = { ecdhCurve: group };
    Object.keys(version.options).forEach(function (name) { extra[name] = version.options[name]; });
    attempt(extra, version.suite, function (name) {
      if (name) found.groups[version.name].push(version.groups[group]);
      next();
    });
  }, function () { groups(list.slice(1), then); });
}

serve(config.v4, function () {
  serve(config.v6, function () {
    versions(config.versions, function () {
      groups(config.groups || [], function () {
        fs.writeFileSync(config.ready + '.new', JSON.stringify(found));
        fs.renameSync(config.ready + '.new', config.ready);
      });
    });
  });
});
