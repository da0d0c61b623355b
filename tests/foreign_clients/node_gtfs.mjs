// node-gtfs imports our static feed and, once, our realtime feeds from their addresses; prints what it then knows.
import {
  closeDb,
  getRoutes,
  getServiceAlerts,
  getStops,
  getStopTimeUpdates,
  getTripUpdates,
  getTrips,
  getVehiclePositions,
  importGtfs,
  openDb,
  updateGtfsRealtime,
} from 'gtfs';

const [, , feed, address, database] = process.argv;
const config = {
  sqlitePath: database,
  verbose: false,
  ignoreErrors: false,
  gtfsRealtimeExpirationSeconds: 3600,
  agencies: [
    {
      path: feed,
      realtimeAlerts: { url: `${address}/alerts.pb` },
      realtimeTripUpdates: { url: `${address}/trip-updates.pb` },
      realtimeVehiclePositions: { url: `${address}/vehicle-positions.pb` },
    },
  ],
};
await importGtfs(config);
await updateGtfsRealtime(config);
const db = openDb(config);
const known = {
  routes: getRoutes().map((route) => route.route_id),
  stops: getStops().length,
  trips: getTrips().length,
  tripUpdates: getTripUpdates(),
  stopTimeUpdates: getStopTimeUpdates(),
  vehiclePositions: getVehiclePositions(),
  serviceAlerts: getServiceAlerts(),
};
closeDb(db);
process.stdout.write(`\n${JSON.stringify(known)}\n`);
