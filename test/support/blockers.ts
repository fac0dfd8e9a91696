// What blockers of advertisements and trackers match in addresses of any site. Their lists hold thousands of rules for that
// (EasyList's `easylist_general_block.txt`, EasyPrivacy's `easyprivacy_general.txt`); nearly all of them are built around one
// of a few words, which has to stand for itself in the address. Here is each such word, and the few rules without one that
// come near to what the probe is called. Stricter than the lists: a rule mostly asks for more than its word.

const WORDS = new Set(
  (
    'ad ads adv advert adverts advertise advertisement advertising adserver adsense banner banners sponsor sponsors ' +
    'sponsored popup popunder promo affiliate affiliates prebid dfp oas openx criteo taboola ' +
    'analytics analytic analysis track tracks tracker trackers tracking trk beacon beacons pixel pixels px telemetry ' +
    'stat stats statistic statistics metric metrics metrica matomo piwik collect collector collection count counter ' +
    'counters hit hits log logs logger logging impression impressions imp imps ping pageview pageviews pv ' +
    'visit visits visitor visitors click clicks clickstream fingerprint fp rum perf perfops performance vitals monitor ' +
    'monitoring measure measurement audience insight insights capture record recorder report reporting survey heatmap ' +
    'tag tags tagmanager gtm gtag ga utag tealium omniture comscore nielsen chartbeat newrelic sentry honeybadger ' +
    'rollbar snowplow segment mixpanel optimizely quantcast cookie cookies geoip event eventlog eventtracking ' +
    'streamtelemetry streamsense stream diagnostics'
  ).split(' '),
);

/** Rules for `events`, which alone is no such word. */
const EVENTS = /[/_-]events(?:[./_-]|\?(?:data|rpId)=)|(?:ahoy|rum|ga|page|parsely|scribd|script|tracking)[/_-]events/i;
/** Names of parameters that rules ask for. */
const PARAMETERS =
  /[?&](?:ad\w*|event|action|tid|pid|cid|ref|referrer|referer|url|utm\w*|hit\w*|log\w*|data|type|tag)=/i;

/** What in an address, a file's name or a header's gives a blocker a reason to act; undefined: nothing. */
export function suspectIn(address: string): string | undefined {
  const [path = ''] = address.replace(/^https?:\/\/[^/]+/, '').split('?');
  const word = path
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .find((part) => WORDS.has(part));
  return word ?? EVENTS.exec(address)?.[0] ?? PARAMETERS.exec(address)?.[0];
}
