package node

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// jobs keeps as many pods of each Job running as it lacks, until it is complete or has
// failed too often.
func (c *Cluster) jobs() {
	pods := kubeapi.List[corev1.Pod](c.API)
	for _, j := range kubeapi.List[batchv1.Job](c.API) {
		if j.DeletionTimestamp == nil && !over(j) {
			c.job(j, pods)
		}
	}
}

func over(j *batchv1.Job) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(x batchv1.JobCondition) bool {
		return (x.Type == batchv1.JobComplete || x.Type == batchv1.JobFailed) && x.Status == corev1.ConditionTrue
	})
}

func (c *Cluster) job(j *batchv1.Job, pods []*corev1.Pod) {
	st := batchv1.JobStatus{StartTime: j.Status.StartTime, Ready: new(int32(0)), Terminating: new(int32(0)),
		UncountedTerminatedPods: &batchv1.UncountedTerminatedPods{}}
	now := metav1.NewTime(c.w.Date().Truncate(time.Second))
	if st.StartTime == nil {
		st.StartTime = &now
	}
	failures := int32(0)
	var active []*corev1.Pod
	for _, p := range pods {
		if !ownerIs(p, j) {
			continue
		}
		for _, s := range p.Status.ContainerStatuses {
			if p.Status.Phase == corev1.PodRunning {
				failures += s.RestartCount
			}
		}
		switch {
		case p.Status.Phase == corev1.PodSucceeded:
			st.Succeeded++
		case p.Status.Phase == corev1.PodFailed:
			st.Failed++
		case p.DeletionTimestamp == nil:
			active = append(active, p)
			if PodReady(p) {
				*st.Ready++
			}
		}
	}
	failures += st.Failed
	parallel, want := *j.Spec.Parallelism, *j.Spec.Parallelism
	if j.Spec.Completions != nil {
		want = *j.Spec.Completions - st.Succeeded
	} else if st.Succeeded > 0 {
		want = int32(len(active))
	}
	switch {
	case failures > *j.Spec.BackoffLimit:
		for _, p := range active {
			c.API.Delete(p)
		}
		active = nil
		st.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailureTarget, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now,
			Reason: batchv1.JobReasonBackoffLimitExceeded, Message: "Job has reached the specified backoff limit"},
			{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now,
				Reason: batchv1.JobReasonBackoffLimitExceeded, Message: "Job has reached the specified backoff limit"}}
		c.event("Job", j.Namespace, j.Name, "Warning", batchv1.JobReasonBackoffLimitExceeded, "Job has reached the specified backoff limit")
	case want <= 0:
		st.CompletionTime = &now
		for _, t := range []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete} {
			st.Conditions = append(st.Conditions, batchv1.JobCondition{Type: t, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now,
				Reason: batchv1.JobReasonCompletionsReached, Message: "Reached expected number of succeeded pods"})
		}
		c.event("Job", j.Namespace, j.Name, "Normal", "Completed", "Job completed")
	case !*j.Spec.Suspend:
		if c.held(j) {
			break
		}
		for range min(want, parallel) - int32(len(active)) {
			p := c.newPod(owner{j, "batch/v1", "Job", "job-controller"}, j.Spec.Template, "")
			if c.make(owner{j, "batch/v1", "Job", "job-controller"}, p) != nil {
				break
			}
			active = append(active, p)
			c.event("Job", j.Namespace, j.Name, "Normal", "SuccessfulCreate", "Created pod: "+p.Name)
		}
	}
	st.Active = int32(len(active))
	if !reflect.DeepEqual(st, j.Status) {
		n := j.DeepCopy()
		n.Status = st
		c.API.Save(n)
	}
}

// finished is the end of a pod that is not to run for ever. What its containers do is
// unknown but where the command says plainly that it fails.
func (c *Cluster) finished(p at) {
	q := kubeapi.Get[corev1.Pod](c.API, p.Namespace, p.Pod)
	if q == nil || string(q.UID) != p.UID || q.Status.Phase != corev1.PodRunning || q.DeletionTimestamp != nil {
		return
	}
	u := q.DeepCopy()
	now := metav1.NewTime(c.w.Date().Truncate(time.Second))
	code := int32(0)
	for i, k := range u.Spec.Containers {
		n := exitCode(k)
		code = max(code, n)
		reason := "Completed"
		if n != 0 {
			reason = "Error"
		}
		if i < len(u.Status.ContainerStatuses) {
			s := &u.Status.ContainerStatuses[i]
			end := corev1.ContainerStateTerminated{ExitCode: n, Reason: reason, FinishedAt: now}
			if s.State.Running != nil {
				end.StartedAt = s.State.Running.StartedAt
			}
			s.Ready, s.Started, s.State = false, new(false), corev1.ContainerState{Terminated: &end}
		}
	}
	if code != 0 && u.Spec.RestartPolicy == corev1.RestartPolicyOnFailure {
		wait := time.Duration(0)
		for i := range u.Status.ContainerStatuses {
			s := &u.Status.ContainerStatuses[i]
			wait = backOff(s.RestartCount)
			s.RestartCount++
			s.LastTerminationState = s.State
			s.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff",
				Message: fmt.Sprintf("back-off %s restarting failed container", wait)}}
		}
		c.API.Save(u)
		c.after(wait+c.jobTime(p), "node:finish", p)
		return
	}
	u.Status.Phase = corev1.PodSucceeded
	if code != 0 {
		u.Status.Phase = corev1.PodFailed
	}
	for i := range u.Status.Conditions {
		x := &u.Status.Conditions[i]
		if x.Type == corev1.PodReady || x.Type == corev1.ContainersReady {
			x.Status, x.LastTransitionTime = corev1.ConditionFalse, now
			if code == 0 {
				x.Reason = "PodCompleted"
			}
		}
	}
	c.API.Save(u)
}

// jobTime is how long containers run that end: an assumption, nobody knows what they do.
func (c *Cluster) jobTime(p at) time.Duration {
	return c.w.Draw("node:finish", p.Pod, 5*time.Second, 2*time.Second, 15*time.Second)
}

// backOff is the kubelet's: ten seconds, doubled by each restart up to five minutes.
func backOff(restarts int32) time.Duration {
	return min(10*time.Second<<min(restarts, 5), 5*time.Minute)
}

// exitCode is what a container's command plainly ends with.
func exitCode(k corev1.Container) int32 {
	words := strings.Fields(strings.Join(append(slices.Clone(k.Command), k.Args...), " "))
	if len(words) == 0 {
		return 0
	}
	if last := words[len(words)-1]; last == "false" || last == "/bin/false" {
		return 1
	}
	for i, w := range words {
		var n int32
		if w == "exit" && i+1 < len(words) {
			if _, err := fmt.Sscan(strings.Trim(words[i+1], `;"'`), &n); err == nil {
				return n
			}
		}
	}
	return 0
}

// cronJobs makes the Jobs that are due, and has the loops run when the next is.
func (c *Cluster) cronJobs() {
	now := c.w.Date()
	for _, j := range kubeapi.List[batchv1.CronJob](c.API) {
		s, err := cron.ParseStandard(j.Spec.Schedule)
		if err != nil || *j.Spec.Suspend || j.DeletionTimestamp != nil {
			continue
		}
		last := j.CreationTimestamp.Time
		if t := j.Status.LastScheduleTime; t != nil {
			last = t.Time
		}
		zone := time.UTC
		if z := j.Spec.TimeZone; z != nil {
			if l, err := time.LoadLocation(*z); err == nil {
				zone = l
			}
		}
		next := s.Next(last.In(zone))
		for due := next; !due.After(now); due = s.Next(due) {
			next = due
		}
		if next.After(now) {
			c.tickAt(next)
			continue
		}
		c.cronJob(j, next)
		c.tickAt(s.Next(next))
	}
}

func (c *Cluster) cronJob(j *batchv1.CronJob, due time.Time) {
	t := j.Spec.JobTemplate.DeepCopy()
	job := &batchv1.Job{ObjectMeta: t.ObjectMeta, Spec: t.Spec}
	job.Name, job.Namespace = fmt.Sprintf("%s-%d", j.Name, due.Unix()/60), j.Namespace
	o := owner{j, "batch/v1", "CronJob", "cronjob-controller"}
	job.OwnerReferences = o.reference()
	if c.held(j) || c.make(o, job) != nil {
		return
	}
	n := j.DeepCopy()
	n.Status.LastScheduleTime = &metav1.Time{Time: due}
	c.API.Save(n)
	c.event("CronJob", j.Namespace, j.Name, "Normal", "SuccessfulCreate", "Created job "+job.Name)
}

// tickAt has the loops run at a time.
func (c *Cluster) tickAt(t time.Time) {
	if c.Tick.IsZero() || t.Before(c.Tick) || !c.Tick.After(c.w.Date()) {
		c.Tick = t
		c.after(t.Sub(c.w.Date()), "node:pass", at{})
	}
}
