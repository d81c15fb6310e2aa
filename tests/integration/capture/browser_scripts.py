"""What a page does to publish and to play, without any page of ours."""

PUBLISH = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia(
    {video: {width: 640, height: 480, frameRate: 15}, audio: true});
  const pc = window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  for (const track of stream.getTracks()) pc.addTransceiver(track, {direction: 'sendonly'});
  await pc.setLocalDescription(await pc.createOffer());
  await new Promise(done => {
    if (pc.iceGatheringState === 'complete') done();
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
    setTimeout(done, 2000);
  });
  const reply = await fetch('/whip', {method: 'POST', body: pc.localDescription.sdp,
    headers: {'Content-Type': 'application/sdp', 'Authorization': 'Bearer s1'}});
  const answer = await reply.text();
  if (reply.status !== 201) return {status: reply.status, answer};
  await pc.setRemoteDescription({type: 'answer', sdp: answer});
  return {status: reply.status, answer, resource: reply.headers.get('Location')};
}"""

PLAY = """async ([url, at]) => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const event = name => new Promise((done, failed) => {
    video.addEventListener(name, done, {once: true});
    video.addEventListener('error', () => failed(new Error(video.error.message)), {once: true});
    setTimeout(() => failed(new Error('no ' + name)), 8000);
  });
  const ready = event('loadeddata');
  video.src = url;
  await ready;
  if (at !== null) { const sought = event('seeked'); video.currentTime = at; await sought; }
  const began = video.currentTime;
  await video.play();
  await new Promise(done => setTimeout(done, 700));
  return {width: video.videoWidth, duration: video.duration, began, now: video.currentTime,
          seekable: video.seekable.length ? video.seekable.end(0) : 0};
}"""
